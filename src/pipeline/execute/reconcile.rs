//! Decides from plan, outcomes and ledger what to do with every edit. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::pipeline::execute::route::EditRoute;

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
    /// Note that it was applied and is no longer in git; the commit that undid it, if the history has one.
    Undone(Option<CommitId>),
    /// Note that it was applied and no longer applies, because another edit was reverted.
    Stranded,
}

/// Everything that `execute` has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciliation {
    /// Edits that are in git but not in the plan: revert them. Those that a person brought back are in the plan again.
    pub reverts: Vec<Digest>,
    /// Applied edits that left the plan and are no longer in git: note that in their outcomes.
    pub rolled_back: Vec<Digest>,
    /// Applied edits that left the plan and of which git does not show whether the harness contains them.
    pub unknown: Vec<Digest>,
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
    let (unknown, rolled_back) = outcomes
        .keys()
        .filter(gone)
        .filter(|digest| status(digest) == Some(OutcomeStatus::Applied) && !applied(digest))
        .partition(|digest| states.get(*digest) == Some(&LedgerState::Unknown));
    let reverts = states.keys().filter(gone).filter(|digest| applied(digest));
    Reconciliation {
        reverts: reverts.copied().collect(),
        rolled_back,
        unknown,
        withdrawn: outcomes
            .keys()
            .filter(gone)
            .filter(|digest| !states.contains_key(digest) && !status(digest).is_some_and(OutcomeStatus::was_applied))
            .copied()
            .collect(),
        steps,
    }
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
        // The outcome is missing after a crash, a person brought the edit back, or it is in the plan again after a revert
        // that changed no file.
        (Some(LedgerState::Applied(commit)), _) => EditStep::Adopt(commit.clone()),
        (Some(LedgerState::Unknown), Some(OutcomeStatus::Applied)) => EditStep::Keep,
        (Some(LedgerState::Stranded(_)), Some(OutcomeStatus::Applied)) => EditStep::Stranded,
        (state, Some(OutcomeStatus::Applied)) => EditStep::Undone(state.and_then(LedgerState::undone_by).cloned()),
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

/// Keeps the gate's decision, unless a person has decided since then to skip the gate, or to keep an edit that it left
/// undecided.
fn overruled(edit: &Edit, outcome: Option<&Outcome>, route: &dyn Fn(&Edit) -> EditRoute) -> EditStep {
    let is_judged = |outcome: &Outcome| outcome.decision().is_some() || outcome.screened.is_some();
    let already = outcome.is_some_and(|outcome| outcome.gate_skipped || !is_judged(outcome));
    match route(edit) {
        EditRoute::GateSkipped if !already => EditStep::Try,
        EditRoute::Keep if outcome.is_some_and(Outcome::may_be_kept) => EditStep::Try,
        _ => EditStep::Keep,
    }
}

fn routed(edit: &Edit, status: Option<OutcomeStatus>, route: &dyn Fn(&Edit) -> EditRoute) -> EditStep {
    match (route(edit), status) {
        (EditRoute::Gate | EditRoute::GateSkipped | EditRoute::Keep, _) => EditStep::Try,
        (EditRoute::Ask, Some(OutcomeStatus::PendingReview))
        | (EditRoute::Skip(_), Some(OutcomeStatus::Skipped))
        | (EditRoute::RejectByUser, Some(OutcomeStatus::RejectedByUser)) => EditStep::Keep,
        (EditRoute::Ask, _) => EditStep::Ask,
        (EditRoute::Skip(reason), _) => EditStep::Skip(reason),
        (EditRoute::RejectByUser, _) => EditStep::Refuse,
    }
}

/// The commits of a session that applied, reverted or stranded each of its edits.
pub(crate) fn edit_events(entries: &[LedgerEntry], session: &str) -> BTreeMap<Digest, BTreeMap<CommitId, LedgerState>> {
    let mut events: BTreeMap<Digest, BTreeMap<CommitId, LedgerState>> = BTreeMap::new();
    let ours = entries
        .iter()
        .filter(|entry| entry.trailer("Session-ID") == Some(session));
    for entry in ours {
        for (key, value) in &entry.trailers {
            let Ok(digest) = value.parse::<Digest>() else { continue };
            let commit = entry.commit.clone();
            let event = match key.as_str() {
                "Edit-Digest" => LedgerState::Applied(commit),
                "Reverts-Edit" => LedgerState::Reverted(commit),
                "Strands-Edit" => LedgerState::Stranded(commit),
                _ => continue,
            };
            events.entry(digest).or_default().insert(entry.commit.clone(), event);
        }
    }
    events
}
