//! `budget.json`: a session's error budget, and the edits that it was spent on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::artifact::gate::budget;
use crate::artifact::gate::settings::BudgetMode;
use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "budget.json";

/// A remainder below this counts as zero.
const NOTHING: f64 = 1e-12;

/// One edit's share of the budget. It is spent when the edit's trial starts, whatever the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slot {
    /// The slot's number, from 1.
    pub slot: usize,
    /// The teacher's label of the edit.
    pub edit_id: String,
    /// The edit's identity.
    pub edit_digest: Digest,
    /// Digest of the comparison, which covers head and student: a trial against another head needs a new slot.
    pub comparison: Digest,
    /// Largest probability of accepting the edit although its target did not gain.
    pub alpha: f64,
    /// The part of `alpha` that the edit before handed on, because it was accepted; 0 except in mode `sample`.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub carried: f64,
}

/// The error budget of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBudget {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// How the budget is divided.
    pub mode: BudgetMode,
    /// Largest probability that the session accepts any edit whose target did not gain.
    pub alpha_session: f64,
    /// Number of edits that the budget is divided among, in mode `planned`.
    pub planned: usize,
    /// Slots used by earlier sessions of the same loop, in mode `fdr`.
    #[serde(default)]
    pub slots_before: usize,
    /// Edits accepted by earlier sessions of the same loop, in mode `fdr`.
    #[serde(default)]
    pub accepted_before: usize,
    /// The shares spent so far, in order.
    pub slots: Vec<Slot>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(ErrorBudget, "budget", version 1, depth 2);

impl ErrorBudget {
    /// A budget with nothing spent.
    pub(crate) fn unspent(mode: BudgetMode, alpha_session: f64) -> Self {
        Self {
            version: 1,
            mode,
            alpha_session,
            planned: 0,
            slots_before: 0,
            accepted_before: 0,
            slots: Vec::new(),
            extra: Extra::default(),
        }
    }

    /// The sum spent so far. What an accepted edit handed on counts once.
    pub(crate) fn spent(&self) -> f64 {
        self.slots.iter().map(|slot| slot.alpha - slot.carried).sum()
    }

    /// What the last edit hands on if it was accepted: its whole share, in mode `planned` (Bonferroni with hand-on).
    pub(crate) fn handed_on(&self, was_accepted: bool) -> f64 {
        let last = self
            .slots
            .last()
            .filter(|_| was_accepted && self.mode == BudgetMode::Planned);
        last.map_or(0.0, |slot| slot.alpha)
    }

    /// The slot of a trial of this edit in this comparison, if one has started.
    pub(crate) fn of(&self, edit: &Digest, comparison: &Digest) -> Option<&Slot> {
        let is_it = |slot: &&Slot| slot.edit_digest == *edit && slot.comparison == *comparison;
        self.slots.iter().find(is_it)
    }

    /// One line: the sum spent, and the share of the next edit.
    pub(crate) fn words(&self) -> String {
        let mode = match self.mode {
            BudgetMode::Planned if self.planned == 1 => "for 1 edit".to_owned(),
            BudgetMode::Planned => format!("shared among {} edits", self.planned),
            BudgetMode::Open => "in shrinking shares".to_owned(),
            BudgetMode::Fdr => "as part of a loop".to_owned(),
        };
        let next = self.next(1, 0);
        let cost = match next > 0.0 {
            true => format!("the next edit gets {next:.4}"),
            false => "nothing is left for another edit".to_owned(),
        };
        format!("{:.4} of {} spent, {mode}; {cost}", self.spent(), self.alpha_session)
    }

    /// The next edit's share. `open` counts the planned edits that were not tried yet, including this one; `accepted`
    /// counts the edits that this session accepted. If the plan grew, the open edits divide the remainder. Returns 0
    /// when nothing is left.
    pub(crate) fn next(&self, open: usize, accepted: usize) -> f64 {
        let t = self.slots.len() + 1;
        let level = |t, planned, accepted| budget::level(self.mode, self.alpha_session, t, planned, accepted);
        match self.mode {
            BudgetMode::Planned if self.slots.len() + open <= self.planned => level(t, self.planned, 0),
            BudgetMode::Planned => {
                let left = self.alpha_session - self.spent();
                if left > NOTHING { left / open.max(1) as f64 } else { 0.0 }
            }
            BudgetMode::Open => level(t, 0, 0),
            BudgetMode::Fdr => level(self.slots_before + t, 0, self.accepted_before + accepted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(mode: BudgetMode, planned: usize) -> ErrorBudget {
        ErrorBudget {
            planned,
            ..ErrorBudget::unspent(mode, 0.1)
        }
    }

    fn spend(budget: &mut ErrorBudget, alpha: f64) {
        let slot = budget.slots.len() + 1;
        budget.slots.push(Slot {
            slot,
            edit_id: format!("e{slot}"),
            edit_digest: Digest::of_bytes(&[slot as u8]),
            comparison: Digest::of_bytes(b"head"),
            alpha,
            carried: 0.0,
        });
    }

    #[test]
    fn a_plan_that_grows_shares_what_is_left_and_never_more() {
        let mut budget = budget(BudgetMode::Planned, 2);
        assert_eq!(budget.next(2, 0), 0.05);
        spend(&mut budget, 0.05);
        // One edit is left, and two were added.
        for open in (1..=3).rev() {
            let alpha = budget.next(open, 0);
            assert!((alpha - 0.05 / 3.0).abs() < 1e-12, "{alpha}");
            spend(&mut budget, alpha);
        }
        assert_eq!(budget.next(1, 0), 0.0);
    }

    #[test]
    fn what_is_handed_on_is_spent_once() {
        let mut budget = budget(BudgetMode::Planned, 4);
        spend(&mut budget, 0.025);
        assert_eq!((budget.handed_on(true), budget.handed_on(false)), (0.025, 0.0));
        spend(&mut budget, 0.05);
        budget.slots[1].carried = 0.025;
        assert!((budget.spent() - 0.05).abs() < 1e-12);
        budget.mode = BudgetMode::Open;
        assert_eq!(
            budget.handed_on(true),
            0.0,
            "the shares of an open budget stay as they are"
        );
    }

    #[test]
    fn a_loop_goes_on_where_its_last_session_ended() {
        let mut budget = budget(BudgetMode::Fdr, 0);
        (budget.slots_before, budget.accepted_before) = (6, 1);
        assert!((budget.next(1, 1) - 0.1 / 56.0 * 3.0).abs() < 1e-15);
    }
}
