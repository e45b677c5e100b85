//! The gate's rule for comparing means, and its verdict.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which score must gain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The mean over all tasks.
    #[default]
    Overall,
    /// The edit's own category.
    Target,
}

/// The conditions under which an edit is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateRule {
    /// Which score must gain.
    pub kind: RuleKind,
    /// The gain must exceed this, 0 to 1.
    pub min_improvement: f64,
    /// No category may lose more than this, 0 to 1.
    pub max_regression: f64,
    /// Largest share of tasks without a pair of scores, 0 to 1.
    pub max_infra_share: f64,
}

impl Default for GateRule {
    fn default() -> Self {
        Self {
            kind: RuleKind::Overall,
            min_improvement: 0.0,
            max_regression: 0.05,
            max_infra_share: 0.05,
        }
    }
}

/// The gate's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateDecision {
    /// Accept the edit.
    Accept,
    /// Reject the edit.
    Reject,
    /// The evidence is not sufficient.
    Undecided,
}

impl GateDecision {
    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            GateDecision::Accept => "accept",
            GateDecision::Reject => "reject",
            GateDecision::Undecided => "undecided",
        }
    }
}

/// Sums of scores over the pairs of one category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// Sum of the scores without the edit.
    pub before: f64,
    /// Sum of the scores with the edit.
    pub after: f64,
    /// Number of pairs.
    pub count: usize,
}

impl Sums {
    pub(crate) fn add(&mut self, before: f64, after: f64, count: usize) {
        *self = Self {
            before: self.before + before,
            after: self.after + after,
            count: self.count + count,
        };
    }

    pub(crate) fn delta(&self) -> f64 {
        (self.after - self.before) / self.count.max(1) as f64
    }
}

/// One task whose score differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskChange {
    /// The task.
    pub task_id: String,
    /// Its category.
    pub category: String,
    /// Score without the edit, 0 to 1.
    pub before: f64,
    /// Score with the edit, 0 to 1.
    pub after: f64,
}

/// A decision, with the numbers to recompute it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The gate's decision.
    pub decision: GateDecision,
    /// The reason in one line; empty for an unqualified accept.
    pub reason: String,
    /// Mean gain over all pairs.
    pub overall_delta: f64,
    /// Mean gain per category.
    pub cluster_deltas: BTreeMap<String, f64>,
    /// Mean over the pairs, without the edit.
    pub before: f64,
    /// Mean over the pairs, with the edit.
    pub after: f64,
    /// Tasks scored in both arms.
    pub tasks: usize,
    /// Pairs that gained.
    pub wins: usize,
    /// Pairs that lost.
    pub losses: usize,
    /// Pairs with equal scores.
    pub ties: usize,
    /// Tasks without a score in one arm; they are left out of both.
    pub dropped: usize,
    /// The tasks whose score differs.
    pub changed: Vec<TaskChange>,
    /// Sums per category.
    pub categories: BTreeMap<String, Sums>,
}

/// A decision by comparing means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeansDecision {
    /// The gate's decision.
    pub decision: GateDecision,
    /// The reason in one line; empty for an unqualified accept.
    pub reason: String,
}

impl Verdict {
    /// The numbers in one line, for the commit's trailer.
    pub(crate) fn evidence(&self) -> String {
        let Self {
            overall_delta,
            wins,
            losses,
            ties,
            tasks,
            ..
        } = self;
        format!("{overall_delta:+.4} ({wins} wins, {losses} losses, {ties} ties of {tasks} tasks)")
    }
}
