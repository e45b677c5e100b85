//! The record of one decision: everything that it rests on, so that anybody can make it again from the list of pairs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::numbers::Numbers;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::settings::{BudgetMode, Mode, Settings};
use crate::artifact::gate::verdict::Decision;
use crate::digest::Digest;

/// A task that the edit reaches: its request differs with the edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// The task.
    pub task: String,
    /// Its category.
    pub category: String,
    /// Its score without the edit, in `exact`, 0 to 1; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
}

/// One pair, in the order in which it was scheduled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The task.
    pub task: String,
    /// Which run of this task with this edit it is, from 0.
    pub run: u32,
    /// Score with the edit, 0 to 1; null when the pair was lost to the infrastructure.
    pub x: Option<f64>,
    /// Mean score of the baseline runs, 0 to 1; null when the pair was lost.
    pub y: Option<f64>,
    /// Scores of further runs, with the edit and without it, that confirm a flip.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmations: Vec<(f64, f64)>,
}

/// Runs of both arms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Runs {
    /// With the edit.
    pub edited: usize,
    /// Without it.
    pub baseline: usize,
}

/// Where the error budget of a decision comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stake {
    /// Largest chance to accept the edit though its target did not gain.
    pub alpha: f64,
    /// How the session's budget is shared out.
    pub budget: BudgetMode,
    /// The edit's part of it, from 1.
    pub slot: usize,
    /// The session that paid for it, where an earlier one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// The record of one decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateRecord {
    /// What the gate says.
    pub decision: Decision,
    /// Why.
    pub reason: GateReason,
    /// The same in a line for people.
    pub why: String,
    /// How it was judged: `exact` or `sequential`.
    pub mode: Mode,
    /// The stage at the decision: 1 for the target, 2 for the rest.
    pub stage: u8,
    /// The category that had to gain; null: all together.
    pub target: Option<String>,
    /// The settings.
    pub settings: Settings,
    /// The error budget; absent in `exact`, which spends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<Stake>,
    /// How often it was gone on with after it ran out of pairs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gone_on: u32,
    /// Digest of the harness without the edit.
    pub baseline: Digest,
    /// Digest of the harness with it.
    pub candidate: Digest,
    /// Digest of what both arms of the reached tasks are asked, and of the student: the comparison that was made.
    pub comparison: Digest,
    /// Seed of the order of pairs.
    pub seed: u64,
    /// The edit's number in that order.
    pub edit_number: u32,
    /// Gate tasks by category.
    pub sizes: BTreeMap<String, usize>,
    /// The tasks that the edit reaches; all others are exact ties that cost nothing.
    pub reached: Vec<Reached>,
    /// Runs that the decision rests on.
    pub calls: Runs,
    /// What follows from the pairs.
    pub numbers: Numbers,
    /// All pairs in the order of the schedule.
    pub pairs: Vec<Pair>,
}

impl GateRecord {
    /// Gate tasks, reached or not.
    pub(crate) fn tasks(&self) -> usize {
        self.sizes.values().fold(0, |sum, size| sum.saturating_add(*size))
    }

    /// Gate tasks that the edit does not reach.
    pub(crate) fn unreached(&self) -> usize {
        self.tasks().saturating_sub(self.reached.len())
    }

    /// Whether it was close enough to be worth a person's look: at least half of the evidence that was needed.
    pub(crate) fn is_near_miss(&self) -> bool {
        let needed = self.stake.as_ref().map(|stake| -stake.alpha.ln());
        let ran_out = matches!(self.reason, GateReason::Inconclusive | GateReason::OverallUnproven);
        ran_out && needed.is_some_and(|needed| self.numbers.log_e >= needed / 2.0)
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
