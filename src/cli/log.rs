//! `kaizen log`: lists sessions and their commits, newest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT, STRONG};
use super::session_workspace::{branches, open};
use super::visible::visible;
use crate::artifact::record::SessionStatus;
use crate::artifact::short_id;
use crate::ledger::port::{Ledger, LedgerEntry};
use crate::pipeline::edit_states::census::{AppliedEdit, EditCensus, UnseenEdit};
use crate::pipeline::execute;
use crate::pipeline::survey::survey;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// How many sessions are written at once.
const SHARE: usize = 256;

/// List sessions and their commits
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LogArgs {}

#[derive(Serialize)]
struct SessionCommits {
    session: String,
    /// Absent if the session's directory is gone or its record cannot be read.
    status: Option<SessionStatus>,
    /// The branch of the session's own on which it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    commits: Vec<Commit>,
    /// Edits that count as applied, although git does not show them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_shown: Vec<UnseenEdit>,
    /// Edits that the files contain, and whose commits are older than the history of this clone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    older: Vec<UnseenEdit>,
}

#[derive(Serialize)]
struct Commit {
    commit: String,
    subject: String,
    edit_id: Option<String>,
    edit_digest: Option<String>,
    gate: Option<String>,
    committed_at: String,
}

/// Runs the command.
///
/// # Errors
/// git fails, or the sessions cannot be listed.
pub(crate) fn log(_: &LogArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let mut all = made(&workspace)?;
    for branch in branches(&workspace)? {
        let there = open(&workspace, &branch)?;
        let name = there.ledger.branch()?;
        all.retain(|one| one.session != branch.session.id);
        let of_branch = made(&there)?.into_iter().filter(|one| one.session == branch.session.id);
        all.extend(of_branch.map(|one| SessionCommits {
            branch: name.clone(),
            ..one
        }));
    }
    all.sort_by(|one, other| other.session.cmp(&one.session));
    workspace.keep_history();
    if all.is_empty() && !setting.is_json() {
        out!("No session yet; `kaizen run` starts one.");
    }
    if setting.is_json() {
        all.iter().for_each(render::json);
        return Ok(Code::Settled);
    }
    // A write for each of thousands of lines would take most of the time.
    for share in all.chunks(SHARE) {
        let texts = share
            .iter()
            .map(|made| text(made, &workspace))
            .collect::<Result<Vec<_>, _>>()?;
        let text = texts.concat();
        out!("{}", text.strip_suffix('\n').unwrap_or(&text));
    }
    Ok(Code::Settled)
}

/// All sessions with their commits. Session names start with a time, so their order is chronological.
fn made(workspace: &Workspace) -> Result<Vec<SessionCommits>, CommandFailure> {
    let mut by_session: BTreeMap<String, Vec<Commit>> = BTreeMap::new();
    let inputs = Inputs::new(workspace);
    let sessions = survey(workspace, &inputs, &workspace.engines())?;
    for surveyed in &sessions {
        by_session.entry(surveyed.session.id.clone()).or_default();
    }
    let entries = workspace.ledger.entries(None)?;
    let mut census = EditCensus::unnamed_among(workspace, &inputs, &sessions, &entries)?;
    for entry in entries {
        let session = entry.trailer("Session-ID").unwrap_or_default().to_owned();
        // A squash merge has the trailers of one of its edits.
        if entry.is_of_kaizen() || census.in_commit(&entry.commit).next().is_none() {
            by_session.entry(session).or_default().push(commit(entry));
        }
    }
    for edit in &census.applied {
        let entry = workspace.ledger.entry(&edit.commit)?;
        let came = entry.map(|entry| came_with(entry, edit, workspace));
        by_session.entry(edit.session.clone()).or_default().extend(came);
    }
    for edit in &census.undone {
        let entry = workspace.ledger.entry(&edit.commit)?;
        let removed = entry.map(|entry| removal(entry, edit));
        by_session.entry(edit.session.clone()).or_default().extend(removed);
    }
    let graph = inputs.graph()?;
    let status = |id: &str| {
        match sessions.binary_search_by(|one| one.session.id.as_str().cmp(id)) {
            Ok(place) => Some(sessions[place].summary().ok()??.status),
            // A commit names it, but its folder is gone or incomplete.
            Err(_) => {
                let record = session::is_id(id).then(|| Session::at(&workspace.root, id).record());
                Some(record?.ok()??.status)
            }
        }
    };
    let one = |(session, mut commits): (String, Vec<Commit>)| {
        commits.sort_by_key(|one| Reverse(graph.place(&one.commit)));
        let unseen = census.unseen.extract_if(.., |edit| edit.session == session);
        let older = census.older.extract_if(.., |edit| edit.session == session);
        SessionCommits {
            not_shown: unseen.collect(),
            older: older.map(UnseenEdit::from).collect(),
            status: status(&session),
            branch: None,
            session,
            commits,
        }
    };
    Ok(by_session.into_iter().rev().map(one).collect())
}

fn commit(entry: LedgerEntry) -> Commit {
    let trailer = |key| entry.trailer(key).map(str::to_owned);
    Commit {
        edit_id: trailer("Edit-ID"),
        edit_digest: trailer("Edit-Digest"),
        gate: trailer("Gate"),
        commit: entry.commit,
        subject: entry.subject,
        committed_at: entry.committed_at,
    }
}

/// A person's commit as one of the edit that came with it. Its trailers may be those of another edit.
fn came_with(entry: LedgerEntry, edit: &AppliedEdit, workspace: &Workspace) -> Commit {
    // `verify` reports an outcome that cannot be read.
    let outcomes = Session::at(&workspace.root, &edit.session)
        .outcomes()
        .unwrap_or_default();
    Commit {
        edit_id: Some(edit.label.clone()),
        edit_digest: Some(edit.digest.to_string()),
        gate: outcomes.get(&edit.digest).map(execute::evidence),
        subject: format!("{} ({} came with it)", entry.subject, edit.label),
        ..commit(entry)
    }
}

/// A person's commit that removed an edit.
fn removal(entry: LedgerEntry, edit: &AppliedEdit) -> Commit {
    Commit {
        edit_id: None,
        edit_digest: None,
        gate: None,
        subject: format!("{} (it removed {})", entry.subject, edit.label),
        ..commit(entry)
    }
}

/// The lines of a session.
fn text(made: &SessionCommits, workspace: &Workspace) -> Result<String, CommandFailure> {
    let words = made.status.map_or("its directory is gone", render::words);
    let branch = made.branch.as_deref().map(|branch| format!(", on branch {branch}"));
    let branch = branch.unwrap_or_default();
    let mut text = format!("{STRONG}{}{STRONG:#}  {words}{}\n", made.session, visible(&branch));
    for commit in &made.commits {
        let gate = commit.gate.as_deref().unwrap_or_default();
        let short = short_id(&commit.commit);
        let (subject, gate) = (visible(&commit.subject), visible(gate));
        text += &format!("  {short}  {subject}  {FAINT}{gate}{FAINT:#}\n");
    }
    if !made.not_shown.is_empty() {
        let words = render::unseen(&made.not_shown, workspace.ledger.extent()?);
        text += &format!("  {}\n", visible(&words));
    }
    if !made.older.is_empty() {
        text += &format!(
            "  {}\n",
            visible(&render::older(&made.older, workspace.ledger.extent()?))
        );
    }
    Ok(text)
}
