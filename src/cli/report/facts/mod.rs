//! Collects what a report shows, as plain values. Texts that kaizen did not write are `ShownText`.

pub(crate) mod blame;
pub(crate) mod diff;
pub(crate) mod edit;
pub(crate) mod gate_use;
pub(crate) mod score;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod spending;
pub(crate) mod trace;
pub(crate) mod trial;
pub(crate) mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use self::blame::BlamedHarness;
use self::diff::HarnessWalk;
use self::edit::{EditAnchor, EditContext, EditStory};
use self::gate_use::GateUse;
use self::score::ScoreHistory;
use self::session::{SessionLine, SessionStory};
use self::source::ReportSource;
use self::spending::{RoleCost, role_costs};
use self::trace::TraceShelf;
use self::waiting::WaitingList;
use super::veil::ShownText;
use crate::artifact::egress::LlmRole;
use crate::artifact::record::SessionRecord;
use crate::artifact::spending::RoleSpending;
use crate::cli::exit::CommandFailure;
use crate::cli::show::edit::known;
use crate::digest::Digest;
use crate::pipeline::survey::in_parallel;
use crate::workspace::Workspace;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// The maximum number of edits that are shown in full with `--all`; the sessions of further ones take one line each.
const MOST_EDITS: usize = 300;
/// The maximum numbers of sessions with one line: beside one session, and with `--all`.
const MOST_LINES: [usize; 2] = [30, 5_000];
/// The maximum number of edits of other sessions that are shown because lines of the harness lead to them.
const MOST_OTHERS: usize = 60;

/// Which sessions a report shows in full.
#[derive(Clone, Debug)]
pub(crate) enum ReportScope {
    /// The newest one, if there is any.
    Newest,
    /// The one with this id.
    Session(String),
    /// As many as there is place for, the newest first.
    All,
}

/// Everything that a report shows.
#[derive(Debug)]
pub(crate) struct HarnessReport {
    /// The name of the workspace's folder.
    pub name: ShownText,
    /// Whether the report is about all sessions.
    pub is_of_all: bool,
    /// The number of sessions.
    pub sessions: usize,
    /// The history of the score.
    pub score: ScoreHistory,
    /// The sessions that are shown in full, newest first.
    pub stories: Vec<SessionStory>,
    /// The other sessions, newest first.
    pub lines: Vec<SessionLine>,
    /// The number of sessions that are not shown.
    pub more_sessions: usize,
    /// The edits of other sessions to which lines of the harness lead.
    pub others: Vec<EditStory>,
    /// What waits for a person.
    pub waiting: WaitingList,
    /// What language models cost in all sessions, by role.
    pub spending: Vec<RoleCost>,
    /// The uses of the gate split; `None` before the first one.
    pub gate_use: Option<GateUse>,
    /// The files of the harness.
    pub harness: BlamedHarness,
    /// What could not be read.
    pub problems: Vec<ShownText>,
}

impl HarnessReport {
    /// Collects a report.
    ///
    /// # Errors
    /// The benchmark, the harness or git cannot be read. A session that cannot be read is a problem in the report.
    pub(crate) fn of(workspace: &Workspace, scope: &ReportScope) -> Result<Self, CommandFailure> {
        let inputs = Inputs::new(workspace);
        let source = ReportSource::new(workspace, &inputs)?;
        let sessions = workspace.sessions()?;
        let (mut problems, mut records) = (Vec::new(), BTreeMap::new());
        let read = in_parallel(&sessions, &|session: &Session| session.record());
        for (session, record) in sessions.iter().zip(read) {
            match record {
                Ok(record) => records.extend(record.map(|record| (session.id.clone(), record))),
                Err(error) => problems.push(source.veil.line(&error.to_string())),
            }
        }
        let is_of_all = matches!(scope, ReportScope::All);
        let (stories, mut lines) = told(&source, &sessions, &records, scope, &mut problems);
        let more_sessions = lines.len().saturating_sub(MOST_LINES[usize::from(is_of_all)]);
        lines.truncate(MOST_LINES[usize::from(is_of_all)]);
        let harness = BlamedHarness::of(&source)?;
        let waiting = WaitingList::of(&source, &sessions, &records).unwrap_or_else(|failure| {
            problems.push(source.veil.line(&failure.message));
            WaitingList::default()
        });
        let others = others(&source, &stories, &harness, &waiting);
        Ok(Self {
            name: source.veil.line(&name_of(workspace)),
            is_of_all,
            more_sessions,
            sessions: sessions.len(),
            score: score(&source, &sessions, &records),
            spending: spending(&sessions, &records)?,
            gate_use: GateUse::of(&source)?,
            stories,
            lines,
            others,
            waiting,
            harness,
            problems,
        })
    }

    /// The places of all edits that the report shows in full.
    pub(crate) fn anchors(&self) -> BTreeSet<&EditAnchor> {
        let of_stories = self.stories.iter().flat_map(|story| &story.edits);
        of_stories.chain(&self.others).map(|edit| &edit.anchor).collect()
    }
}

/// The sessions in full, and those for which one line must do.
fn told(
    source: &ReportSource,
    sessions: &[Session],
    records: &BTreeMap<String, SessionRecord>,
    scope: &ReportScope,
    problems: &mut Vec<ShownText>,
) -> (Vec<SessionStory>, Vec<SessionLine>) {
    let newest = sessions.last().map(|newest| &newest.id);
    let (mut stories, mut lines, mut edits, mut has_place) = (Vec::<SessionStory>::new(), Vec::new(), 0, true);
    for session in sessions.iter().rev() {
        let is_wanted = match scope {
            ReportScope::Newest => newest == Some(&session.id),
            ReportScope::Session(id) => *id == session.id,
            ReportScope::All => has_place,
        };
        let story = is_wanted.then(|| SessionStory::of(source, session));
        match story {
            Some(Ok(story)) if stories.is_empty() || edits + story.edits.len() <= MOST_EDITS => {
                edits += story.edits.len();
                stories.push(story);
                continue;
            }
            Some(Ok(_)) => has_place = false,
            Some(Err(failure)) => problems.push(source.veil.line(&failure.message)),
            None => {}
        }
        lines.push(SessionLine::of(session, records.get(&session.id), &source.veil));
    }
    (stories, lines)
}

fn name_of(workspace: &Workspace) -> String {
    let folder = workspace.root.file_name();
    folder.map_or_else(|| "kaizen".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn score(source: &ReportSource, sessions: &[Session], records: &BTreeMap<String, SessionRecord>) -> ScoreHistory {
    let mut history = ScoreHistory::default();
    for session in sessions {
        if let Some(record) = records.get(&session.id) {
            history.add(session, record, &source.veil);
        }
    }
    history
}

/// What all sessions cost. Only the newest one can have costs that its record does not have yet.
fn spending(sessions: &[Session], records: &BTreeMap<String, SessionRecord>) -> Result<Vec<RoleCost>, CommandFailure> {
    let mut sum: BTreeMap<LlmRole, RoleSpending> = BTreeMap::new();
    let newest = sessions.last().map(|newest| newest.id.as_str());
    for session in sessions {
        let record = records.get(&session.id);
        let spent = match newest == Some(session.id.as_str()) {
            true => crate::cli::render::spent_so_far(session, record)?,
            false => record.map(|record| record.spending.clone()).unwrap_or_default(),
        };
        spending::add(&mut sum, &spent);
    }
    Ok(role_costs(&sum))
}

/// The edits of other sessions to which lines of the harness or open questions lead. A session that cannot be read has none.
fn others(
    source: &ReportSource,
    stories: &[SessionStory],
    harness: &BlamedHarness,
    waiting: &WaitingList,
) -> Vec<EditStory> {
    let shown: BTreeSet<&str> = stories.iter().map(|story| story.id.as_str()).collect();
    let questions = waiting.questions.iter().map(|question| &question.anchor);
    let mut wanted: BTreeMap<&str, BTreeSet<&EditAnchor>> = BTreeMap::new();
    for anchor in harness.edits().into_iter().chain(questions) {
        if !shown.contains(anchor.session()) {
            wanted.entry(anchor.session()).or_default().insert(anchor);
        }
    }
    let of_session = |(id, anchors): (&str, BTreeSet<&EditAnchor>)| {
        let session = Session::at(&source.workspace.root, id);
        edits_of(source, &session, &anchors)
    };
    wanted
        .into_iter()
        .rev()
        .flat_map(of_session)
        .take(MOST_OTHERS)
        .collect()
}

fn edits_of(source: &ReportSource, session: &Session, anchors: &BTreeSet<&EditAnchor>) -> Vec<EditStory> {
    let known = known(session).unwrap_or_default();
    let shelf = TraceShelf::of(source, session);
    let context = EditContext::of(&known, &shelf, None);
    let mut walk = HarnessWalk::of(source, session);
    let is_wanted = |digest: &Digest| anchors.iter().any(|anchor| anchor.digest() == *digest);
    let mut stories = Vec::new();
    for (digest, known) in known.iter().filter(|(digest, _)| is_wanted(digest)) {
        stories.push(context.story(known, *digest, walk.next(known)));
    }
    stories
}
