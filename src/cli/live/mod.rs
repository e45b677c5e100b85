//! The state of a workspace at one moment, for the views that follow it: `kaizen top` and `kaizen serve`. It takes no
//! lock and changes nothing, so any number of views can be open.

mod log;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use self::log::LogLine;
use super::exit::CommandFailure;
use super::render;
use super::session_workspace::branches;
use super::visible::visible;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::SessionStatus;
use crate::artifact::summary::SessionSummary;
use crate::gate::trial::TrialLook;
use crate::manifest::phases::graph;
use crate::workspace::Workspace;
use crate::workspace::event::Event;
use crate::workspace::event_log::{self, EventLine};
use crate::workspace::running::OtherRun;
use crate::workspace::session::{Session, checkpoint_name};

/// The number of sessions that are shown.
const MOST_SESSIONS: usize = 10;
/// The number of lines of the log that are shown.
const MOST_LINES: usize = 200;

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct LiveState {
    /// The name of the workspace's folder.
    pub name: String,
    /// The commands at work: first the holder of the lock.
    pub works: Vec<LiveWork>,
    /// The phases of the newest session, in their order.
    pub phases: Vec<LivePhase>,
    /// The newest sessions, newest first.
    pub sessions: Vec<LiveSession>,
    /// The number of older sessions.
    pub older: usize,
    /// The edits of the newest session that were settled lately.
    pub edits: Vec<LiveEdit>,
    /// What happened, oldest first.
    pub log: Vec<LogLine>,
}

/// A command at work.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct LiveWork {
    /// The command and the process.
    pub process: String,
    /// When it began: `10:00:00`.
    pub since: String,
    /// The session that it works on.
    pub session: Option<String>,
    /// The work at hand: a phase, an edit.
    pub what: String,
    /// Finished attempts, and all of them.
    pub attempts: Option<(usize, usize)>,
    /// Counts, rate and time left.
    pub pace: String,
    /// Attempts in flight, and those that failed.
    pub flight: String,
    /// Dollars against the limit.
    pub money: String,
    /// What servers make it wait for.
    pub waiting: String,
    /// The evidence about the edit at the gate, in words.
    pub evidence: Option<String>,
    /// The evidence as a share of what an accept needs.
    pub evidence_share: Option<f64>,
    /// Whether `kaizen stop` and `kaizen hold` reach it.
    pub pauses: bool,
}

/// A phase of the newest session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LivePhase {
    /// The phase.
    pub name: String,
    /// How far it is.
    pub state: PhaseProgress,
}

/// How far a phase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhaseProgress {
    /// It has run.
    Done,
    /// It runs.
    Running,
    /// It has not run yet.
    Open,
}

/// A session in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LiveSession {
    /// The id.
    pub id: String,
    /// Its status, in words.
    pub status: String,
    /// The scores before and after: `35.4 % → 56.6 %`.
    pub scores: String,
    /// Edits by outcome: `2 applied, 1 waiting`.
    pub edits: String,
}

/// An edit with its outcome.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LiveEdit {
    /// The teacher's label.
    pub label: String,
    /// Op and target.
    pub title: String,
    /// The outcome, in words.
    pub status: String,
    /// Whether it was applied.
    pub is_applied: bool,
    /// The change of the score, if it was measured.
    pub change: String,
}

impl LiveState {
    /// The present state.
    ///
    /// # Errors
    /// The sessions cannot be listed.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self, CommandFailure> {
        let mut sessions = workspace.sessions()?;
        sessions.extend(branches(workspace)?.into_iter().map(|branch| branch.session));
        sessions.sort_by(|one, other| one.id.cmp(&other.id));
        let older = sessions.len().saturating_sub(MOST_SESSIONS);
        let shown = sessions.split_off(older);
        let holder = OtherRun::of(workspace);
        let log = event_log::read(&workspace.checkout);
        let newest = shown.last();
        Ok(Self {
            name: visible(&workspace.name()).into_owned(),
            phases: newest
                .map(|newest| phases(workspace, newest, holder.as_ref()))
                .unwrap_or_default(),
            edits: newest.map(|newest| edits(&log, &newest.id)).unwrap_or_default(),
            works: holder
                .iter()
                .chain(&OtherRun::beside(workspace))
                .map(LiveWork::of)
                .collect(),
            sessions: shown.iter().rev().map(LiveSession::of).collect(),
            older,
            log: log::lines(&log, MOST_LINES),
        })
    }
}

/// A phase has run once it has a checkpoint; whether it is stale, only `kaizen status` works out.
fn phases(workspace: &Workspace, newest: &Session, holder: Option<&OtherRun>) -> Vec<LivePhase> {
    // A manifest whose phases have no order was refused when it was read.
    let order = graph(&workspace.manifest.phases()).unwrap_or_default();
    let state = |name: &str| {
        if holder.is_some_and(|run| run.runs(&newest.id, name)) {
            PhaseProgress::Running
        } else if newest.path(&checkpoint_name(name)).is_file() {
            PhaseProgress::Done
        } else {
            PhaseProgress::Open
        }
    };
    let phase = |name: String| LivePhase {
        state: state(&name),
        name,
    };
    order.into_iter().map(phase).collect()
}

/// The edits of a session that the log knows; the last outcome counts.
fn edits(log: &[EventLine], id: &str) -> Vec<LiveEdit> {
    let mut found: BTreeMap<usize, LiveEdit> = BTreeMap::new();
    for line in log {
        let Event::EditSettled {
            session,
            number,
            edit,
            op,
            target,
            status,
            delta,
            interval,
            ..
        } = &line.event
        else {
            continue;
        };
        if session == id {
            let edit = LiveEdit {
                label: one_line(edit),
                title: one_line(&format!("{} {target}", op.name())),
                status: status.words().to_owned(),
                is_applied: *status == OutcomeStatus::Applied,
                change: render::change(*delta, *interval).unwrap_or_default(),
            };
            found.insert(*number, edit);
        }
    }
    found.into_values().collect()
}

/// A text of somebody else on one line.
fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

impl LiveWork {
    fn of(run: &OtherRun) -> Self {
        let load = run.load();
        let flight = match (load.in_flight, load.failed) {
            (in_flight, 0) => format!("{in_flight} in flight"),
            (in_flight, failed) => format!("{in_flight} in flight, {failed} failed"),
        };
        Self {
            process: one_line(&run.process),
            since: run.since("%H:%M:%S"),
            session: run.session().map(one_line),
            what: one_line(run.what().or(run.phase()).unwrap_or("starts")),
            attempts: run.attempts(),
            pace: run.progress().unwrap_or_default(),
            flight,
            money: load.money().unwrap_or_default(),
            waiting: load.waiting().unwrap_or_default(),
            evidence: run.evidence().map(TrialLook::words),
            evidence_share: run.evidence().and_then(TrialLook::share),
            pauses: run.can_pause(),
        }
    }

    /// Attempts in flight, dollars and waiting, as far as there is anything to say.
    pub(crate) fn load(&self) -> String {
        let parts = [&self.flight, &self.money, &self.waiting].map(String::as_str);
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    }

    /// The share of the attempts that are done.
    pub(crate) fn share(&self) -> Option<f64> {
        let (done, of) = self.attempts?;
        (of > 0).then(|| (done as f64 / of as f64).clamp(0.0, 1.0))
    }
}

impl LiveSession {
    fn of(session: &Session) -> Self {
        let record = session
            .record()
            .map(|record| record.map(|record| SessionSummary::of(&record)));
        let (status, summary) = match record {
            Ok(Some(summary)) => (short(summary.status), Some(summary)),
            Ok(None) => ("begins", None),
            Err(_) => ("unreadable", None),
        };
        Self {
            id: session.id.clone(),
            status: status.to_owned(),
            scores: summary.as_ref().map(scores).unwrap_or_default(),
            edits: summary.as_ref().map(counts).unwrap_or_default(),
        }
    }
}

fn scores(summary: &SessionSummary) -> String {
    let percent = |score: Option<f64>| score.map_or("?".to_owned(), |score| format!("{:.1} %", 100.0 * score));
    match (summary.score_before, summary.score_after) {
        (None, None) => String::new(),
        (before, None) => percent(before),
        (before, after) => format!("{} → {}", percent(before), percent(after)),
    }
}

fn short(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::AwaitingReview => "awaiting review",
        status => render::words(status),
    }
}

fn counts(summary: &SessionSummary) -> String {
    match (summary.applied, summary.waiting) {
        (0, 0) => String::new(),
        (applied, 0) => format!("{applied} applied"),
        (applied, waiting) => format!("{applied} applied, {waiting} waiting"),
    }
}
