//! `kaizen blame FILE:LINE`: the commit, edit, cluster, verdict and traces of a line, and commands that show more.

use serde::Serialize;
use serde_json::json;

use super::details;
use super::history::BlameHistory;
use super::squashed::SquashedEdits;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::cli::Setting;
use crate::cli::exit::CommandFailure;
use crate::cli::render::{self, STRONG};
use crate::cli::show::edit::{EditDetails, member_lines};
use crate::cli::show::worth::TestedWorth;
use crate::digest::Digest;
use crate::ledger::port::LedgerEntry;
use crate::ledger::{BlamedLine, Origin};
use crate::workspace::inputs::Inputs;
use crate::workspace::{Workspace, session};

/// Why the origin of a line is not known in a shallow clone.
pub(super) const CUT: &str = "the history of this clone ends there; `git fetch --unshallow` gets the rest";
/// Maximum number of traces shown.
const MOST_TRACES: usize = 5;

/// The edits behind the lines of one file: of kaizen's commits, and of those into which people squashed them.
pub(crate) struct FilePast<'a> {
    history: &'a BlameHistory<'a>,
    squashed: SquashedEdits,
}

/// Details of a commit that kaizen made.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommitStory {
    /// The session that made it.
    pub session: Option<String>,
    /// The edit's label.
    pub edit_id: Option<String>,
    /// The edit's identity.
    pub edit_digest: Option<Digest>,
    /// The session's data about the edit; absent if the session's directory is gone.
    pub known: Option<EditDetails>,
}

impl<'a> FilePast<'a> {
    /// What concerns the lines of a file.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(crate) fn of(history: &'a BlameHistory<'a>, path: &str, lines: &[BlamedLine]) -> Result<Self, CommandFailure> {
        Ok(Self {
            squashed: SquashedEdits::of(history, path, lines)?,
            history,
        })
    }

    /// Splits the lines into ranges of one origin.
    pub(crate) fn ranges<'l>(&self, lines: &'l [BlamedLine]) -> impl Iterator<Item = &'l [BlamedLine]> {
        lines.chunk_by(|one, other| one.origin == other.origin && self.edit(one) == self.edit(other))
    }

    /// Details of a line's origin; empty if a person wrote the line.
    pub(crate) fn story(&self, line: &BlamedLine) -> CommitStory {
        let story = self.commit(line);
        let name = story.session.as_deref().filter(|name| session::is_id(name));
        CommitStory {
            known: name.and_then(|name| details(self.history.workspace, name, story.edit_digest?)),
            ..story
        }
    }

    /// The same without what the session knows about the edit.
    pub(crate) fn commit(&self, line: &BlamedLine) -> CommitStory {
        let (session, edit_id) = match (self.squashed.author(line), self.entry(line)) {
            (Some(edit), _) => (Some(edit.session.clone()), Some(edit.label.clone())),
            (None, Some(entry)) if !line.origin.is_cut => {
                let trailer = |key| entry.trailer(key).map(str::to_owned);
                (trailer("Session-ID"), trailer("Edit-ID"))
            }
            _ => return CommitStory::default(),
        };
        CommitStory {
            edit_digest: self.edit(line),
            known: None,
            edit_id,
            session,
        }
    }

    /// The edit that wrote a line.
    pub(crate) fn edit(&self, line: &BlamedLine) -> Option<Digest> {
        match self.squashed.author(line) {
            Some(edit) => Some(edit.digest),
            None if line.origin.is_cut => None,
            None => self.entry(line)?.trailer("Edit-Digest")?.parse().ok(),
        }
    }

    fn entry(&self, line: &BlamedLine) -> Option<&LedgerEntry> {
        self.history.commit(line.origin.commit.as_ref()?)
    }
}

/// A trace that the edit is based on.
#[derive(Serialize)]
struct EvidenceTrace {
    trace_id: String,
    /// Absent if the store no longer contains the trace.
    query: Option<String>,
}

/// Shows the details of a line.
///
/// # Errors
/// git fails.
pub(crate) fn show(
    workspace: &Workspace,
    path: &str,
    number: usize,
    line: &BlamedLine,
    setting: &Setting,
) -> Result<(), CommandFailure> {
    let inputs = Inputs::new(workspace);
    let history = BlameHistory::new(workspace, &inputs)?;
    let story = FilePast::of(&history, path, std::slice::from_ref(line))?.story(line);
    let evidence = story
        .known
        .as_ref()
        .map(|known| evidence(workspace, known))
        .unwrap_or_default();
    let commands = commands(&story);
    let worth = story.edit_digest.map(|edit| TestedWorth::of(workspace, edit));
    let worth = worth.transpose()?.flatten();
    let origin = &line.origin;
    if setting.is_json() {
        render::json(&json!({
            "file": path, "line": number, "text": line.text, "commit": origin.commit, "date": origin.written_at,
            "who": origin.author, "subject": origin.subject, "edit_id": story.edit_id, "edit_digest": story.edit_digest,
            "session": story.session, "edit": story.known, "traces": evidence, "commands": commands,
            "or_older": origin.is_cut, "worth": worth
        }));
        return Ok(());
    }
    out!("{STRONG}{path}:{number}{STRONG:#}  {}", line.text);
    head(origin, &story);
    story.known.iter().for_each(print_edit);
    if let Some(worth) = &worth {
        let [numbers, origin] = worth.lines();
        out!("  worth      {numbers}\n             {origin}");
    }
    print_evidence(&evidence);
    if !commands.is_empty() {
        out!("\n{STRONG}Next{STRONG:#}");
        commands.iter().for_each(|command| out!("  {command}"));
    }
    Ok(())
}

/// The traces behind an edit.
fn evidence(workspace: &Workspace, known: &EditDetails) -> Vec<EvidenceTrace> {
    // If the store cannot be read, only the ids are shown.
    let store = workspace.traces().ok();
    let one = |id: &String| EvidenceTrace {
        query: store
            .as_ref()
            .and_then(|store| store.get(id).ok()?)
            .map(|trace| trace.query),
        trace_id: id.clone(),
    };
    known.trace_ids().iter().map(one).collect()
}

fn commands(story: &CommitStory) -> Vec<String> {
    let (Some(digest), Some(session)) = (&story.edit_digest, &story.session) else {
        return story
            .session
            .iter()
            .map(|session| format!("kaizen show {session}"))
            .collect();
    };
    let mut commands = vec![format!("kaizen show {}", digest.short())];
    let outcome = story.known.as_ref().and_then(|known| known.outcome.as_ref());
    if outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::Applied) {
        commands.push(format!("kaizen revert {} --session {session}", digest.short()));
    }
    commands
}

fn head(origin: &Origin, story: &CommitStory) {
    match &origin.commit {
        None => out!("  commit     none: not committed yet"),
        Some(commit) if origin.is_cut => out!("  commit     {commit} or an older one\n             {CUT}"),
        Some(commit) => out!("  commit     {commit}\n             {}", origin.subject),
    }
    if !origin.is_cut {
        out!("  by         {} at {}", origin.author, origin.written_at);
    }
    if let Some(session) = &story.session {
        out!("  session    {session}");
    }
    if let (Some(label), Some(digest)) = (&story.edit_id, story.edit_digest) {
        out!("  edit       {label}, digest {digest}");
    }
    if story.known.is_none() && story.edit_digest.is_some() {
        out!("  its session's directory no longer contains this edit");
    }
}

fn print_edit(known: &EditDetails) {
    if let Some(edit) = &known.edit {
        out!("  op         {}\n  target     {}", edit.op.name(), edit.target);
        for line in member_lines(edit) {
            out!("             {line}");
        }
        out!(
            "  why        {}",
            edit.rationale.trim().replace('\n', "\n             ")
        );
    } else if let Some(outcome) = &known.outcome {
        out!("  op         {}\n  target     {}", outcome.op.name(), outcome.target);
    }
    if let Some(cluster) = &known.cluster {
        out!(
            "  cluster    {}: {}\n             {:.0} % of its train tasks fail, the teacher solves {:.0} %",
            cluster.id,
            render::shortened(&cluster.description),
            100.0 * cluster.student_failure_rate,
            100.0 * cluster.teacher_success_rate
        );
    }
    known.outcome.iter().for_each(print_verdict);
}

fn print_verdict(outcome: &Outcome) {
    let delta = outcome
        .benchmark_delta
        .map(|delta| format!(", {:+.1} points", 100.0 * delta));
    out!("  verdict    {}{}", outcome.status.words(), delta.unwrap_or_default());
    if let Some(evidence) = outcome.evidence() {
        out!("  gate       {evidence}");
    }
    if outcome.gate_skipped {
        out!("             accepted by a person, without the gate");
    }
}

fn print_evidence(evidence: &[EvidenceTrace]) {
    for (at, trace) in evidence.iter().take(MOST_TRACES).enumerate() {
        let title = if at == 0 { "traces" } else { "" };
        let query = trace.query.as_deref().unwrap_or("(no longer in the store)");
        out!("  {title:<9}  {}  {}", trace.trace_id, render::shortened(query));
    }
    if let Some(more) = evidence.len().checked_sub(MOST_TRACES).filter(|more| *more > 0) {
        out!("             and {more} more");
    }
}
