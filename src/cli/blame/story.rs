//! One line: the commit, the edit, its cluster, its verdict, its traces, and the commands to go on with.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::cli::Setting;
use crate::cli::exit::Failure;
use crate::cli::render::{self, STRONG};
use crate::cli::show::edit::{self, Known};
use crate::digest::Digest;
use crate::ledger::port::{CommitId, Entry, Ledger, LedgerError};
use crate::ledger::{BlamedLine, Origin};
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// Traces that are shown.
const MOST_TRACES: usize = 5;

/// kaizen's commits, by name.
pub(crate) struct Past(BTreeMap<CommitId, Entry>);

/// What kaizen knows of a commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// The session that made it.
    pub session: Option<String>,
    /// The edit's label.
    pub edit_id: Option<String>,
    /// The edit's identity.
    pub edit_digest: Option<Digest>,
    /// What the session knows of the edit; absent when its directory is gone.
    pub known: Option<Known>,
}

impl Past {
    /// All of them.
    ///
    /// # Errors
    /// git says no.
    pub(crate) fn of(workspace: &Workspace) -> Result<Self, LedgerError> {
        let entries = workspace.ledger.entries(None)?.into_iter();
        Ok(Self(entries.map(|entry| (entry.commit.clone(), entry)).collect()))
    }

    /// What is known of where a line comes from; nothing of a person's commit.
    pub(crate) fn told(&self, workspace: &Workspace, origin: &Origin) -> Told {
        let Some(entry) = origin.commit.as_ref().and_then(|commit| self.0.get(commit)) else {
            return Told::default();
        };
        let trailer = |key| entry.trailer(key).map(str::to_owned);
        let digest: Option<Digest> = entry.trailer("Edit-Digest").and_then(|digest| digest.parse().ok());
        let session = trailer("Session-ID");
        let known = || {
            let name = session.as_deref().filter(|name| session::is_id(name))?;
            // A session that cannot be read is `verify`'s business; the commit says enough.
            edit::known(&Session::at(&workspace.root, name)).ok()?.remove(&digest?)
        };
        Told {
            known: known(),
            edit_id: trailer("Edit-ID"),
            edit_digest: digest,
            session,
        }
    }
}

/// A trace that is evidence.
#[derive(Serialize)]
struct Evidence {
    trace_id: String,
    /// Absent when the store has it no more.
    query: Option<String>,
}

/// Shows the story of a line.
///
/// # Errors
/// git says no.
pub(crate) fn show(
    workspace: &Workspace,
    path: &str,
    number: usize,
    line: &BlamedLine,
    setting: &Setting,
) -> Result<(), Failure> {
    let told = Past::of(workspace)?.told(workspace, &line.origin);
    let evidence = told
        .known
        .as_ref()
        .map(|known| evidence(workspace, known))
        .unwrap_or_default();
    let commands = commands(&told);
    let origin = &line.origin;
    if setting.is_json() {
        render::json(&json!({
            "file": path, "line": number, "text": line.text, "commit": origin.commit, "date": origin.written_at,
            "who": origin.author, "subject": origin.subject, "edit_id": told.edit_id, "edit_digest": told.edit_digest,
            "session": told.session, "edit": told.known, "traces": evidence, "commands": commands
        }));
        return Ok(());
    }
    out!("{STRONG}{path}:{number}{STRONG:#}  {}", line.text);
    head(origin, &told);
    told.known.iter().for_each(print_edit);
    print_evidence(&evidence);
    if !commands.is_empty() {
        out!("\n{STRONG}Next{STRONG:#}");
        commands.iter().for_each(|command| out!("  {command}"));
    }
    Ok(())
}

/// The traces that the edit names, else those that its cluster shows.
fn evidence(workspace: &Workspace, known: &Known) -> Vec<Evidence> {
    let named = known.edit.as_ref().map(|edit| &edit.references);
    let shown = known.cluster.as_ref().map(|cluster| &cluster.sample_trace_ids);
    let ids = named.filter(|ids| !ids.is_empty()).or(shown);
    // A store that cannot be read has no queries to show; the ids stay.
    let store = workspace.traces().ok();
    let one = |id: &String| Evidence {
        query: store
            .as_ref()
            .and_then(|store| store.get(id).ok()?)
            .map(|trace| trace.query),
        trace_id: id.clone(),
    };
    ids.into_iter().flatten().map(one).collect()
}

fn commands(told: &Told) -> Vec<String> {
    let (Some(digest), Some(session)) = (&told.edit_digest, &told.session) else {
        return told
            .session
            .iter()
            .map(|session| format!("kaizen show {session}"))
            .collect();
    };
    let mut commands = vec![format!("kaizen show {}", digest.short())];
    let outcome = told.known.as_ref().and_then(|known| known.outcome.as_ref());
    if outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::Applied) {
        commands.push(format!("kaizen revert {} --session {session}", digest.short()));
    }
    commands
}

fn head(origin: &Origin, told: &Told) {
    match &origin.commit {
        None => out!("  commit     none: it is a change in the working tree, not committed yet"),
        Some(commit) => out!("  commit     {commit}\n             {}", origin.subject),
    }
    out!("  by         {} at {}", origin.author, origin.written_at);
    if let Some(session) = &told.session {
        out!("  session    {session}");
    }
    if let (Some(label), Some(digest)) = (&told.edit_id, told.edit_digest) {
        out!("  edit       {label}, digest {digest}");
    }
    if told.known.is_none() && told.edit_digest.is_some() {
        out!("  its session's directory knows nothing of it any more");
    }
}

fn print_edit(known: &Known) {
    if let Some(edit) = &known.edit {
        out!("  op         {}\n  target     {}", edit.op.name(), edit.target);
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
        out!("             a person told the gate to stand aside");
    }
}

fn print_evidence(evidence: &[Evidence]) {
    for (at, trace) in evidence.iter().take(MOST_TRACES).enumerate() {
        let title = if at == 0 { "traces" } else { "" };
        let query = trace.query.as_deref().unwrap_or("(no longer in the store)");
        out!("  {title:<9}  {}  {}", trace.trace_id, render::shortened(query));
    }
    if let Some(more) = evidence.len().checked_sub(MOST_TRACES).filter(|more| *more > 0) {
        out!("             and {more} more");
    }
}
