//! Reconcile: from plan, outcomes and ledger to what is to be done with every edit. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::pipeline::execute::route::EditRoute;

/// What git says of an edit of this session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LedgerState {
    /// Its commit stands.
    Applied(CommitId),
    /// A later commit of kaizen took it back.
    Reverted,
    /// A later commit of kaizen found no place for it.
    Stranded,
    /// A person took it back in git.
    Undone,
}

/// What is to be done with one edit of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EditStep {
    /// Nothing: its outcome stands.
    Keep,
    /// git has it and there is no outcome: a crash fell between.
    Adopt(CommitId),
    /// Apply it in memory, gate it, and commit it or not.
    Try,
    /// Put it to a person.
    Ask,
    /// Leave it, with a reason.
    Skip(String),
    /// A person said no.
    Refuse,
    /// It was applied, and a person took it back in git.
    Undone,
    /// It was applied, and a re-derivation left no place for it.
    Stranded,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciliation {
    /// Edits that git has and the plan has not: re-derive without them.
    pub reverts: Vec<Digest>,
    /// Edits that left the plan and were taken back, and that git has all the same: on this branch, or since no file
    /// changed.
    pub again: Vec<Digest>,
    /// Edits that left the plan and are already out of git: note it in the outcome.
    pub rolled_back: Vec<Digest>,
    /// Outcomes of edits that left the plan and were never applied: to the attic.
    pub withdrawn: Vec<Digest>,
    /// For every edit of the plan, in its order; a repeated edit counts once.
    pub steps: Vec<(usize, EditStep)>,
}

/// Compares the plan with the world.
pub(crate) fn reconcile(
    plan: &[Edit],
    outcomes: &BTreeMap<Digest, Outcome>,
    states: &BTreeMap<Digest, LedgerState>,
    route: &dyn Fn(&Edit) -> EditRoute,
) -> Reconciliation {
    let mut planned = BTreeSet::new();
    let unique = plan
        .iter()
        .enumerate()
        .filter(|(_, edit)| planned.insert(edit.digest()));
    let steps: Vec<(usize, EditStep)> = unique
        .map(|(at, edit)| (at, step(edit, outcomes, states, route)))
        .collect();
    let gone = |digest: &&Digest| !planned.contains(*digest);
    let status = |digest: &Digest| outcomes.get(digest).map(|outcome| outcome.status);
    let applied = |digest: &Digest| matches!(states.get(digest), Some(LedgerState::Applied(_)));
    let (again, reverts) = states
        .keys()
        .filter(gone)
        .filter(|digest| applied(digest))
        .partition(|digest| status(digest) == Some(OutcomeStatus::RolledBack));
    Reconciliation {
        reverts,
        again,
        rolled_back: outcomes
            .keys()
            .filter(gone)
            .filter(|digest| status(digest) == Some(OutcomeStatus::Applied) && !applied(digest))
            .copied()
            .collect(),
        withdrawn: outcomes
            .keys()
            .filter(gone)
            .filter(|digest| !states.contains_key(digest) && !was_applied(status(digest)))
            .copied()
            .collect(),
        steps,
    }
}

fn was_applied(status: Option<OutcomeStatus>) -> bool {
    matches!(
        status,
        Some(OutcomeStatus::Applied | OutcomeStatus::RolledBack | OutcomeStatus::Stranded)
    )
}

fn step(
    edit: &Edit,
    outcomes: &BTreeMap<Digest, Outcome>,
    states: &BTreeMap<Digest, LedgerState>,
    route: &dyn Fn(&Edit) -> EditRoute,
) -> EditStep {
    let digest = edit.digest();
    let outcome = outcomes.get(&digest);
    match (states.get(&digest), outcome.map(|outcome| outcome.status)) {
        (Some(LedgerState::Applied(_)), Some(OutcomeStatus::Applied)) => EditStep::Keep,
        // The plan took it back without any file changing, and now wants it again.
        (Some(LedgerState::Applied(commit)), _) => EditStep::Adopt(commit.clone()),
        (Some(LedgerState::Stranded), Some(OutcomeStatus::Applied)) => EditStep::Stranded,
        (_, Some(OutcomeStatus::Applied)) => EditStep::Undone,
        (_, Some(OutcomeStatus::RolledBack)) if reverted_in_git(outcome) => EditStep::Keep,
        (
            _,
            Some(
                OutcomeStatus::RejectedByGate
                | OutcomeStatus::Undecided
                | OutcomeStatus::Inapplicable
                | OutcomeStatus::Stranded,
            ),
        ) => overruled(edit, outcome, route),
        (_, status) => routed(edit, status, route),
    }
}

fn reverted_in_git(outcome: Option<&Outcome>) -> bool {
    outcome.and_then(|outcome| outcome.rolled_back_by) == Some(RolledBackBy::Git)
}

/// A verdict stands, unless a person told the gate to stand aside after it.
fn overruled(edit: &Edit, outcome: Option<&Outcome>, route: &dyn Fn(&Edit) -> EditRoute) -> EditStep {
    let already = outcome.is_some_and(|outcome| outcome.gate_skipped || outcome.decision().is_none());
    match route(edit) {
        EditRoute::GateSkipped if !already => EditStep::Try,
        _ => EditStep::Keep,
    }
}

fn routed(edit: &Edit, status: Option<OutcomeStatus>, route: &dyn Fn(&Edit) -> EditRoute) -> EditStep {
    match (route(edit), status) {
        (EditRoute::Gate | EditRoute::GateSkipped, _) => EditStep::Try,
        (EditRoute::Ask, Some(OutcomeStatus::PendingReview))
        | (EditRoute::Skip(_), Some(OutcomeStatus::Skipped))
        | (EditRoute::RejectByUser, Some(OutcomeStatus::RejectedByUser)) => EditStep::Keep,
        (EditRoute::Ask, _) => EditStep::Ask,
        (EditRoute::Skip(reason), _) => EditStep::Skip(reason),
        (EditRoute::RejectByUser, _) => EditStep::Refuse,
    }
}

/// Reads from the ledger what git holds of a session: commits of edits, less what later commits took back.
/// `undone` are the commits that a person reverted in git.
pub(crate) fn ledger_states(
    entries: &[LedgerEntry],
    session: &str,
    undone: &BTreeSet<CommitId>,
) -> BTreeMap<Digest, LedgerState> {
    let mut states = BTreeMap::new();
    let ours = entries
        .iter()
        .filter(|entry| entry.trailer("Session-ID") == Some(session));
    for entry in ours {
        for (key, value) in &entry.trailers {
            let Ok(digest) = value.parse::<Digest>() else { continue };
            let state = match key.as_str() {
                "Edit-Digest" if undone.contains(&entry.commit) => LedgerState::Undone,
                "Edit-Digest" => LedgerState::Applied(entry.commit.clone()),
                "Reverts-Edit" => LedgerState::Reverted,
                "Strands-Edit" => LedgerState::Stranded,
                _ => continue,
            };
            states.insert(digest, state);
        }
    }
    states
}
