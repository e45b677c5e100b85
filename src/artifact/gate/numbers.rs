//! The numbers behind a decision; all are computed from its pairs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Differences below this are rounding errors.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// One minus the confidence level of reported intervals.
pub(crate) const GAMMA: f64 = 0.1;

/// Counts of pairs by the sign of their difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Pairs that gained.
    pub wins: usize,
    /// Pairs that lost.
    pub losses: usize,
    /// Pairs with equal scores.
    pub ties: usize,
}

impl Tally {
    /// Counts differences by sign.
    pub fn of(differences: &[f64]) -> Self {
        let count = |wanted: fn(f64) -> bool| differences.iter().filter(|difference| wanted(**difference)).count();
        let (wins, losses) = (count(|d| d > TOLERANCE), count(|d| d < -TOLERANCE));
        Self {
            wins,
            losses,
            ties: differences.len() - wins - losses,
        }
    }

    /// The number of all pairs.
    pub fn pairs(&self) -> usize {
        self.wins.saturating_add(self.losses).saturating_add(self.ties)
    }
}

/// The numbers behind a decision. Evidence is an e-value's natural logarithm; differences range from -1 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Numbers {
    /// Pairs of the target.
    pub target: Tally,
    /// Pairs of all other tasks.
    pub other: Tally,
    /// Pairs dropped because of infrastructure errors.
    pub dropped: usize,
    /// Flips that did not repeat, in mode `exact`.
    #[serde(default)]
    pub flaky: usize,
    /// Evidence that the target gains; in mode `exact`, that all tasks of this kind would.
    pub log_e: f64,
    /// `log_e` as a plain e-value; null if it is too large for a number.
    pub e: Option<f64>,
    /// The `log_e` that an accept needs; null if there is no such threshold.
    pub log_e_needed: Option<f64>,
    /// Evidence that the target gains less than `delta_min`.
    pub log_e_futility: f64,
    /// Evidence that the other tasks lose.
    pub log_e_harm: f64,
    /// Evidence that the overall score gains; null until another task than the target's was tried.
    pub log_e_overall: Option<f64>,
    /// The `log_e_overall` that an accept needs; null if there is no such threshold.
    pub log_e_overall_needed: Option<f64>,
    /// Mean difference of the target's pairs; optimistic, because a trial tends to stop when luck is good.
    pub mean_target: Option<f64>,
    /// Mean difference over the tasks that the edit reaches; null until another task than the target's was tried.
    pub mean_overall: Option<f64>,
    /// 90 % interval of the target's difference, valid whenever the trial stops.
    pub interval_target: [f64; 2],
    /// 90 % interval of the other tasks' difference, valid whenever the trial stops.
    pub interval_other: [f64; 2],
}
