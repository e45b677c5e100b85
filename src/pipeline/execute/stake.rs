//! Stake: the part of the session's error budget that an edit is judged with, written down before anything is seen.

use std::collections::BTreeSet;

use super::head::SessionHead;
use super::input::{ExecuteContext, ExecuteInput};
use super::unique;
use crate::artifact::edit::Edit;
use crate::artifact::error_budget::Slot;
use crate::artifact::gate::record::{AlphaGrant, GateRecord};
use crate::artifact::outcome::OutcomeStatus;
use crate::digest::Digest;
use crate::gate::trial::Trial;
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;

impl SessionHead {
    /// The stake of a trial: that of an earlier session which began the same trial, or the slot that this session gave it
    /// before, or a new one.
    pub(super) fn stake(
        &mut self,
        edit: &Edit,
        trial: &Trial,
        earlier: Option<&(String, GateRecord)>,
        given: &ExecuteInput,
        means: &ExecuteContext,
    ) -> Result<AlphaGrant, RunError> {
        let begun = earlier.and_then(|(session, record)| Some((session, record.stake.clone()?)));
        if let Some((session, stake)) = begun {
            let paid_there = (session != given.session).then(|| session.clone());
            return Ok(AlphaGrant {
                session: stake.session.clone().or(paid_there),
                ..stake
            });
        }
        let comparison = trial.comparison();
        let slot = match self.budget.of(&edit.digest(), &comparison) {
            Some(slot) => slot.clone(),
            None => self.take_slot(edit, comparison, given, means)?,
        };
        Ok(AlphaGrant {
            alpha: slot.alpha,
            budget: self.budget.mode,
            slot: slot.slot,
            session: None,
        })
    }

    fn take_slot(
        &mut self,
        edit: &Edit,
        comparison: Digest,
        given: &ExecuteInput,
        means: &ExecuteContext,
    ) -> Result<Slot, RunError> {
        let open = open(given, &self.budget.slots);
        if self.budget.slots.is_empty() {
            self.budget.planned = open;
        }
        let slot = Slot {
            slot: self.budget.slots.len() + 1,
            edit_id: edit.id.clone(),
            edit_digest: edit.digest(),
            comparison,
            alpha: self.budget.next(open, self.accepted),
        };
        self.budget.slots.push(slot.clone());
        means.effects.budget(&self.budget)?;
        Ok(slot)
    }
}

/// Edits of the plan that may still be put to the gate for the first time, the present one among them.
fn open(given: &ExecuteInput, slots: &[Slot]) -> usize {
    let taken: BTreeSet<Digest> = slots.iter().map(|slot| slot.edit_digest).collect();
    let settled = |digest: &Digest| {
        let status = given.outcomes.get(digest).map(|outcome| outcome.status);
        status.is_some_and(|status| !matches!(status, OutcomeStatus::PendingReview | OutcomeStatus::Skipped))
    };
    let may_come = |edit: &&Edit| {
        let digest = edit.digest();
        let refused = matches!((given.route)(edit), EditRoute::Skip(_) | EditRoute::RejectByUser);
        !taken.contains(&digest) && !refused && !settled(&digest)
    };
    unique(&given.plan.edits).filter(may_come).count().max(1)
}
