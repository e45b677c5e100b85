//! Decides from plan, outcomes and ledger what to do with every edit. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::pipeline::execute::route::EditRoute;

/// The state of an edit of this session in git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LedgerState {
    /// It is committed and was not reverted.
    Applied(CommitId),
    /// A later commit of kaizen reverted it.
    Reverted,
    /// It no longer applied when a later commit of kaizen reverted another edit.
    Stranded,
    /// A person reverted it in git.
    Undone,
}

/// The step for one edit of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EditStep {
    /// Keep its outcome.
    Keep,
    /// Write an outcome for its commit, for example after a crash between the two.
    Adopt(CommitId),
    /// Apply it in memory, let the gate decide, and commit it if it is accepted.
    Try,
    /// Ask a person.
    Ask,
    /// Do not try it, for this reason.
    Skip(String),
    /// Note that a person rejected it.
    Refuse,
    /// Note that it was applied and is no longer in git.
    Undone,
    /// Note that it was applied and no longer applies, because another edit was reverted.
    Stranded,
}

/// Everything that `execute` has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciliation {
    /// Edits that are in git but not in the plan: revert them.
    pub reverts: Vec<Digest>,
    /// Edits that left the plan and were reverted, but are still in git: the revert is on another branch, or it changed
    /// no file.
    pub again: Vec<Digest>,
    /// Applied edits that left the plan and are no longer in git: note that in their outcomes.
    pub rolled_back: Vec<Digest>,
    /// Outcomes of edits that left the plan and were never applied: move them to the attic.
    pub withdrawn: Vec<Digest>,
    /// The step for every edit of the plan, in the plan's order; a repeated edit counts once.
    pub steps: Vec<(usize, EditStep)>,
}

/// Compares the plan with the outcomes and the ledger.
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
        // The outcome is missing after a crash, or the edit is in the plan again after a revert that changed no file.
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

/// Keeps the gate's decision, unless a person has decided since then to skip the gate.
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

/// The state of each edit of a session in git, according to the last commit that mentions it. `undone` are the commits
/// that a person reverted in git.
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
