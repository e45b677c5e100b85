//! Reverts applied edits: re-derives the harness without them, and commits the result.

use std::collections::{BTreeMap, BTreeSet};

use super::head::SessionHead;
use super::message::revert_message;
use super::{ExecuteContext, ExecuteInput, outcome};
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::harness::rederive::{EditCommit, Later, RederivedHarness, rederive};
use crate::harness::{Harness, op};
use crate::ledger::port::{CommitId, Ledger, LedgerEntry, LedgerError};
use crate::pipeline::execute::reconcile;
use crate::pipeline::execute::reconcile::{LedgerState, Reconciliation};
use crate::workspace::error::RunError;

/// A session, and the ledger with the commits of all sessions.
pub(crate) struct SessionHistory<'a> {
    /// The session's id.
    pub session: &'a str,
    /// The commit that it builds on.
    pub base: &'a str,
    /// The edits of its plan.
    pub edits: &'a [Edit],
    pub rules: &'a op::OpRules,
    /// Selects the files that belong to the harness.
    pub select: &'a dyn Fn(&str) -> bool,
    pub ledger: &'a dyn Ledger,
}

/// The harness `head` without some edits of the session. Writes nothing.
///
/// # Errors
/// git fails, or a change that stays conflicts with the revert.
pub(crate) fn without(
    scope: &SessionHistory,
    dropped: &BTreeSet<Digest>,
    head: &Harness,
) -> Result<RederivedHarness, RunError> {
    Ok(rederive(&history(scope, dropped)?, dropped, head, scope.rules)?)
}

/// Reverts edits that left the plan. Includes edits that were reverted before but are still in git, unless that
/// conflicts with a later change: a person may have built on them since a revert that changed no file.
pub(super) fn revert_dropped(
    input: &ExecuteInput,
    execution: &ExecuteContext,
    todo: &Reconciliation,
    head: &mut SessionHead,
) -> Result<(), RunError> {
    let new: BTreeSet<Digest> = todo.reverts.iter().copied().collect();
    let all: BTreeSet<Digest> = todo.again.iter().copied().chain(new.iter().copied()).collect();
    match revert(input, execution, &all, head) {
        Err(RunError::Conflict(_)) if all != new => revert(input, execution, &new, head),
        reverted => reverted,
    }
}

fn revert(
    input: &ExecuteInput,
    execution: &ExecuteContext,
    dropped: &BTreeSet<Digest>,
    head: &mut SessionHead,
) -> Result<(), RunError> {
    if dropped.is_empty() {
        return Ok(());
    }
    let scope = SessionHistory {
        session: input.session,
        base: &input.gate.baseline.harness_commit,
        edits: &input.reconcile.plan.edits,
        rules: &input.rules,
        select: input.select,
        ledger: execution.ledger(),
    };
    let derived = without(&scope, dropped, &head.harness)?;
    let changes = head.harness.changes(&derived.harness);
    if !changes.is_empty() {
        head.commit(&changes, &revert_message(input, dropped, &derived.stranded), execution)?;
        head.harness = derived.harness;
        head.evaluation = None;
    }
    for digest in dropped {
        roll_back(input, execution, digest)?;
    }
    for (digest, reason) in &derived.stranded {
        if let Some(edit) = input.reconcile.plan.edits.iter().find(|edit| edit.digest() == *digest) {
            let known = input.reconcile.outcomes.get(digest).cloned();
            execution.outcome(&Outcome {
                error: Some(reason.clone()),
                status: OutcomeStatus::Stranded,
                ..known.unwrap_or_else(|| outcome(edit, OutcomeStatus::Stranded))
            })?;
        }
    }
    Ok(())
}

/// The commits of edits that are not reverted, of all sessions, starting at the first dropped edit.
fn history(scope: &SessionHistory, dropped: &BTreeSet<Digest>) -> Result<Vec<EditCommit>, RunError> {
    let entries = scope.ledger.entries(Some(scope.base))?;
    let applied = applied(scope.ledger, &entries)?;
    let goes = |(entry, digest): &(&LedgerEntry, Digest)| session(entry) == scope.session && dropped.contains(digest);
    applied
        .into_iter()
        .skip_while(|of_an_edit| !goes(of_an_edit))
        .map(|(entry, digest)| change(scope, entry, digest))
        .collect()
}

/// The commits of edits that are not reverted, with the digests of the edits.
///
/// # Errors
/// git fails.
pub(crate) fn applied<'a>(
    ledger: &dyn Ledger,
    entries: &'a [LedgerEntry],
) -> Result<Vec<(&'a LedgerEntry, Digest)>, LedgerError> {
    let of_edits = entries.iter().filter(|entry| entry.trailer("Edit-Digest").is_some());
    let commits: Vec<CommitId> = of_edits.map(|entry| entry.commit.clone()).collect();
    let undone: BTreeSet<CommitId> = ledger.reverted(&commits)?.into_iter().collect();
    let sessions: BTreeSet<&str> = entries.iter().map(session).collect();
    let states: BTreeMap<&str, BTreeMap<Digest, LedgerState>> = sessions
        .into_iter()
        .map(|session| (session, reconcile::ledger_states(entries, session, &undone)))
        .collect();
    let stands = |entry: &'a LedgerEntry| {
        let digest: Digest = entry.trailer("Edit-Digest")?.parse().ok()?;
        let states = states.get(session(entry))?.get(&digest)?;
        (*states == LedgerState::Applied(entry.commit.clone())).then_some((entry, digest))
    };
    Ok(entries.iter().filter_map(stands).collect())
}

fn session(entry: &LedgerEntry) -> &str {
    entry.trailer("Session-ID").unwrap_or_default()
}

fn change(scope: &SessionHistory, entry: &LedgerEntry, digest: Digest) -> Result<EditCommit, RunError> {
    let at = |commit: &str| scope.ledger.harness_at(commit, scope.select);
    let named = || Later {
        label: entry.trailer("Edit-ID").unwrap_or_default().to_owned(),
        digest,
        session: session(entry).to_owned(),
        commit: entry.commit.clone(),
    };
    let foreign = (session(entry) != scope.session).then(named);
    let edit = scope.edits.iter().find(|edit| edit.digest() == digest);
    Ok(EditCommit {
        edit: edit.filter(|_| foreign.is_none()).cloned(),
        digest,
        foreign,
        before: entry.parent.as_deref().map(at).transpose()?.unwrap_or_default(),
        after: at(&entry.commit)?,
    })
}

pub(super) fn roll_back(input: &ExecuteInput, execution: &ExecuteContext, digest: &Digest) -> Result<(), RunError> {
    let Some(applied) = input.reconcile.outcomes.get(digest) else {
        return Ok(());
    };
    execution.outcome(
        &Outcome {
            error: Some("it was removed from the plan".into()),
            rolled_back_by: Some(RolledBackBy::Plan),
            ..applied.clone()
        }
        .with_status(OutcomeStatus::RolledBack),
    )
}
