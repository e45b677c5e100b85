//! The record of one decision: all its inputs, so that anyone can recompute it from the list of pairs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::numbers::Numbers;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::sample::SampleEvidence;
use crate::artifact::gate::settings::{BudgetMode, GateSettings, Mode};
use crate::artifact::gate::verdict::GateDecision;
use crate::digest::Digest;

/// A task that the edit reaches: its request differs with the edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachedTask {
    /// The task.
    pub task: String,
    /// Its category.
    pub category: String,
    /// Its score without the edit, 0 to 1, in mode `exact`; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
}

/// One pair, in the order in which it was scheduled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The task.
    pub task: String,
    /// Number of this task's run with this edit, from 0.
    pub run: u32,
    /// Score with the edit, 0 to 1; null if the pair was lost to an infrastructure error.
    pub x: Option<f64>,
    /// Mean score of the baseline runs, 0 to 1; null if the pair was lost.
    pub y: Option<f64>,
    /// Scores of further runs that repeat a flip: with the edit, without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmations: Vec<(f64, f64)>,
}

/// Number of runs in each arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunCounts {
    /// Runs with the edit.
    pub edited: usize,
    /// Runs without it.
    pub baseline: usize,
}

/// The share of the error budget that a decision uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlphaGrant {
    /// Largest probability of accepting the edit although its target did not gain.
    pub alpha: f64,
    /// How the session's budget is divided.
    pub budget: BudgetMode,
    /// The number of the edit's share, from 1.
    pub slot: usize,
    /// The part of `alpha` that the edit before handed on, because it was accepted; 0 except in mode `sample`.
    #[serde(default, skip_serializing_if = "crate::artifact::is_zero")]
    pub carried: f64,
    /// The earlier session whose budget it comes from; absent if it is this session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// The record of one decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateRecord {
    /// The decision.
    pub decision: GateDecision,
    /// The reason.
    pub reason: GateReason,
    /// The reason in one line for people.
    pub why: String,
    /// The mode: `exact`, `sequential` or `sample`.
    pub mode: Mode,
    /// The category that must gain; null: all tasks together.
    pub target: Option<String>,
    /// The edit's share of the error budget; absent in mode `exact`, which spends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<AlphaGrant>,
    /// The settings and the numbers of the mode.
    #[serde(flatten)]
    pub evidence: GateEvidence,
    /// Digest of the harness without the edit.
    pub baseline: Digest,
    /// Digest of the harness with the edit.
    pub candidate: Digest,
    /// Identity of the comparison: a digest of the student and of the requests of both arms for the reached tasks.
    pub comparison: Digest,
    /// Seed for the order of pairs.
    pub seed: u64,
    /// Number of the edit, which also determines the order of pairs.
    pub edit_number: u32,
    /// Number of gate tasks by category.
    pub sizes: BTreeMap<String, usize>,
    /// The tasks that the edit reaches; all others are ties that need no runs.
    pub reached: Vec<ReachedTask>,
    /// Number of runs that the decision is based on.
    pub calls: RunCounts,
    /// All pairs, in the order in which they were scheduled.
    pub pairs: Vec<Pair>,
    /// The gain of an accepted edit over all gate tasks, in modes that decide before all of them ran; absent in records
    /// of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<CompleteRun>,
    /// The session whose record answers this trial, because no gate task is new since then; absent if runs answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered: Option<String>,
    /// Who keeps the edit although the gate left it undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_by: Option<Keeper>,
}

/// Who keeps an edit that the gate left undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// A person, with `kaizen accept`.
    Person,
    /// The setting `[gate] keep = "likely"`.
    Setting,
}

impl Keeper {
    /// Who that is, after "kept by".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Keeper::Person => "a person",
            Keeper::Setting => "[gate] keep",
        }
    }
}

/// The settings and the numbers behind a decision, all computed from its pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum GateEvidence {
    /// Of modes `exact` and `sequential`.
    Staged(Box<StagedEvidence>),
    /// Of mode `sample`.
    Sample(Box<SampleEvidence>),
}

/// What a record of modes `exact` and `sequential` adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StagedEvidence {
    /// The stage at the decision: 1 for the target, 2 for the other tasks.
    pub stage: u8,
    /// The settings used.
    pub settings: GateSettings,
    /// How often the trial was resumed after it ran out of pairs.
    #[serde(default, skip_serializing_if = "crate::artifact::is_zero")]
    pub gone_on: u32,
    /// The numbers computed from the pairs.
    pub numbers: Numbers,
    /// Number of gate tasks that ran or that the edit does not reach; absent in records of older versions, whose gain
    /// counts the other tasks as ties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran: Option<usize>,
}

impl StagedEvidence {
    /// The evidence before the first pair.
    pub(crate) fn unfed(settings: GateSettings) -> Self {
        Self {
            stage: 1,
            settings,
            gone_on: 0,
            numbers: Numbers::default(),
            ran: None,
        }
    }
}

/// The gain of an edit over all gate tasks: the pairs of its trial, and one pair of each task that had none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompleteRun {
    /// Tasks that gained.
    pub wins: usize,
    /// Tasks that lost.
    pub losses: usize,
    /// Tasks with equal scores.
    pub ties: usize,
    /// Mean change over the gate tasks.
    pub gain: f64,
    /// 90 % interval of that change.
    pub interval: [f64; 2],
    /// The pairs that ran after the decision.
    pub rest: Vec<Pair>,
}

impl GateRecord {
    /// The number of gate tasks, reached or not.
    pub(crate) fn tasks(&self) -> usize {
        self.sizes.values().fold(0, |sum, size| sum.saturating_add(*size))
    }

    /// The number of gate tasks that the edit does not reach.
    pub(crate) fn unreached(&self) -> usize {
        self.tasks().saturating_sub(self.reached.len())
    }

    /// The evidence of modes `exact` and `sequential`.
    pub(crate) fn staged(&self) -> Option<&StagedEvidence> {
        match &self.evidence {
            GateEvidence::Staged(staged) => Some(staged),
            GateEvidence::Sample(_) => None,
        }
    }

    /// The evidence of mode `sample`.
    pub(crate) fn sampled(&self) -> Option<&SampleEvidence> {
        match &self.evidence {
            GateEvidence::Staged(_) => None,
            GateEvidence::Sample(sample) => Some(sample),
        }
    }

    /// Whether the edit gained on a complete run of mode `sample`, but not enough for an accept: a person can keep it.
    pub(crate) fn may_be_kept(&self) -> bool {
        let gained = matches!(
            self.reason,
            GateReason::Likely | GateReason::Open | GateReason::CategoryFell
        );
        gained && self.sampled().is_some_and(|sample| sample.complete)
    }

    /// Whether a flip did not repeat.
    pub fn is_flaky(&self) -> bool {
        self.staged().is_some_and(|staged| staged.numbers.flaky > 0)
    }

    /// Whether the trial ran out of pairs with at least half of the evidence needed; a person should look at it.
    pub(crate) fn is_near_miss(&self) -> bool {
        let needed = self.stake.as_ref().map(|stake| -stake.alpha.ln());
        let ran_out = matches!(self.reason, GateReason::Inconclusive | GateReason::OverallUnproven);
        let shown = self.staged().map(|staged| staged.numbers.log_e);
        ran_out && needed.zip(shown).is_some_and(|(needed, shown)| shown >= needed / 2.0)
    }
}
