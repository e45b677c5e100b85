//! Finds the edits to revert: one by label or digest, or all that a session applied.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::outcome::OutcomeStatus;
use crate::cli::accept::{ambiguous, session_of};
use crate::cli::exit::CommandFailure;
use crate::cli::show::edit::{self, EditDetails};
use crate::digest::Digest;
use crate::ledger::extent::CloneExtent;
use crate::ledger::graph::LedgerState;
use crate::maintenance::revert;
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Edits of one session to revert.
pub(crate) struct RevertTarget {
    /// The session.
    pub session: Session,
    /// The edits to revert with their labels; empty if nothing is left to revert.
    pub edits: BTreeMap<Digest, String>,
    /// The message if `edits` is empty.
    pub already: String,
}

/// Finds the edits that `name` refers to.
///
/// # Errors
/// There is no such edit or session, several edits match, or the edit was never applied.
pub(crate) fn find(workspace: &Workspace, name: &str, within: Option<&str>) -> Result<RevertTarget, CommandFailure> {
    let sessions = match within {
        Some(within) => vec![session_of(workspace, Some(within))?],
        None => workspace.sessions()?,
    };
    match sessions.iter().find(|session| session.id == name) {
        Some(session) => whole(workspace, session),
        None => one(workspace, &sessions, name),
    }
}

fn whole(workspace: &Workspace, session: &Session) -> Result<RevertTarget, CommandFailure> {
    let known = edit::known(session)?;
    let state = revert::ledger_states(workspace, session)?;
    let applied = known
        .iter()
        .filter_map(|(digest, known)| target_in(session, known, state.get(digest), workspace).ok());
    Ok(RevertTarget {
        edits: applied.flat_map(|target| target.edits).collect(),
        already: format!("{} has no applied edit; there is nothing to revert", session.id),
        session: session.clone(),
    })
}

/// Finds one edit. Sessions reuse labels, so a label means the newest session that has it, as in `show`. A digest means
/// the same edit in every session, so it means the session that applied it.
fn one(workspace: &Workspace, sessions: &[Session], name: &str) -> Result<RevertTarget, CommandFailure> {
    let mut fitting: Vec<(&Session, EditDetails)> = Vec::new();
    for session in sessions.iter().rev() {
        // Skip an unreadable session; `verify` reports it.
        let Ok(known) = edit::known(session) else { continue };
        let found: BTreeMap<Digest, EditDetails> =
            known.into_iter().filter(|(_, known)| edit::fits(known, name)).collect();
        if found.len() > 1 {
            let what = found.iter().map(|(digest, known)| (*digest, edit::what(known)));
            return Err(ambiguous(name, session, &what.collect()));
        }
        let is_label = found.values().any(|known| edit::label(known) == name);
        fitting.extend(found.into_values().map(|known| (session, known)));
        if is_label {
            break;
        }
    }
    same_edit(name, &fitting)?;
    let mut first = None;
    for (session, known) in fitting {
        let state = revert::ledger_states(workspace, session)?;
        let state = known.edit_digest.and_then(|digest| state.get(&digest));
        match target_in(session, &known, state, workspace) {
            Ok(target) if !target.edits.is_empty() => return Ok(target),
            other => first = first.or(Some(other)),
        }
    }
    first.unwrap_or_else(|| {
        Err(CommandFailure::usage(format!("there is no edit or session `{name}`"))
            .hint("`kaizen show` lists the newest session's edits, `kaizen log` the sessions"))
    })
}

/// Refuses digits that match different edits of different sessions.
fn same_edit(name: &str, fitting: &[(&Session, EditDetails)]) -> Result<(), CommandFailure> {
    let different: BTreeSet<Option<Digest>> = fitting.iter().map(|(_, known)| known.edit_digest).collect();
    if different.len() < 2 {
        return Ok(());
    }
    let line = |(session, known): &(&Session, EditDetails)| {
        let digest = known.edit_digest.map(|digest| digest.to_string()).unwrap_or_default();
        format!("\n  {digest}  {} of {}", edit::what(known), session.id)
    };
    let lines: String = fitting.iter().map(line).collect();
    Err(
        CommandFailure::usage(format!("`{name}` matches more than one edit:{lines}"))
            .hint("give more digits, or --session"),
    )
}

/// The failure if git does not show whether the edit is still applied.
fn unknown(label: &str, session: &Session, extent: CloneExtent) -> CommandFailure {
    let problem = format!(
        "git does not show whether {label} of {} is still applied: no commit in this history names it",
        session.id
    );
    let remedy = extent.remedy();
    CommandFailure::not_ready(problem).hint(remedy.unwrap_or("change the files yourself, and commit them"))
}

/// The failure if the files contain an edit that its record calls reverted: a person brought it back, or reverted it on
/// another branch.
fn unrecorded(label: &str, session: &Session) -> CommandFailure {
    let problem = format!(
        "the files contain {label} of {}, but its record says that it was reverted",
        session.id
    );
    CommandFailure::not_ready(problem).hint(format!(
        "`kaizen run --session {}` records which of the two is true; then run this again",
        session.id
    ))
}

/// Decides from the ledger whether the edit can be reverted, and from the outcome if the ledger has no commit of it.
fn target_in(
    session: &Session,
    known: &EditDetails,
    state: Option<&LedgerState>,
    workspace: &Workspace,
) -> Result<RevertTarget, CommandFailure> {
    let label = edit::label(known);
    let target = |edits, already| RevertTarget {
        session: session.clone(),
        edits,
        already,
    };
    let status = known.outcome.as_ref().map(|outcome| outcome.status);
    let already = |how: &str| target(BTreeMap::new(), format!("{label} of {} is already {how}", session.id));
    Ok(match (state, status, known.edit_digest) {
        (Some(LedgerState::Applied(_)), status, Some(digest)) if status != Some(OutcomeStatus::RolledBack) => {
            target(BTreeMap::from([(digest, label.to_owned())]), String::new())
        }
        (Some(LedgerState::Applied(_)), ..) => return Err(unrecorded(label, session)),
        (Some(LedgerState::Undone(Some(_))), ..) => already("reverted in git"),
        (Some(LedgerState::Undone(None)), ..) => {
            already("gone: its commit is no longer in the history, and the files do not contain it")
        }
        (Some(LedgerState::Unknown), ..) => return Err(unknown(label, session, workspace.ledger.extent()?)),
        (Some(LedgerState::Stranded(_)), ..) | (_, Some(OutcomeStatus::Stranded), _) => {
            already("out of the harness (stranded)")
        }
        (Some(_), ..) | (_, Some(OutcomeStatus::RolledBack), _) => already("reverted"),
        (None, status, _) => {
            let words = status.map_or("not tried yet", OutcomeStatus::words);
            let problem = format!("{label} of {} was not applied: {words}", session.id);
            return Err(
                CommandFailure::usage(problem).hint("only applied edits can be reverted; `kaizen show` lists them")
            );
        }
    })
}
