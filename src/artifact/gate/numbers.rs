//! The numbers of a decision, all of which follow from its pairs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Differences below this are noise of floating-point arithmetic.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// One minus the level of the intervals that are told.
pub(crate) const GAMMA: f64 = 0.1;

/// Pairs that gained, lost, and stayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Pairs that gained.
    pub wins: usize,
    /// Pairs that lost.
    pub losses: usize,
    /// Pairs that stayed.
    pub ties: usize,
}

impl Tally {
    /// Counts differences.
    pub(crate) fn of(differences: &[f64]) -> Self {
        let count = |wanted: fn(f64) -> bool| differences.iter().filter(|difference| wanted(**difference)).count();
        let (wins, losses) = (count(|d| d > TOLERANCE), count(|d| d < -TOLERANCE));
        Self {
            wins,
            losses,
            ties: differences.len() - wins - losses,
        }
    }

    /// All pairs.
    pub(crate) fn pairs(&self) -> usize {
        self.wins.saturating_add(self.losses).saturating_add(self.ties)
    }
}

/// The numbers of a decision. Logarithms are natural; differences run from -1 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Numbers {
    /// Pairs of the target.
    pub target: Tally,
    /// Pairs of all others.
    pub other: Tally,
    /// Pairs that were lost to the infrastructure, in both arms.
    pub dropped: usize,
    /// Flips that did not repeat, in `exact`.
    #[serde(default)]
    pub flaky: usize,
    /// Evidence that the target gains, as a logarithm; in `exact`, that tasks like all these would.
    pub log_e: f64,
    /// The same as a number, while it is one that can be written.
    pub e: Option<f64>,
    /// What `log_e` had to reach; null where nothing had to.
    pub log_e_needed: Option<f64>,
    /// Evidence that the target gains less than `delta_min`, as a logarithm.
    pub log_e_futility: f64,
    /// Evidence that others fall, as a logarithm.
    pub log_e_harm: f64,
    /// Evidence that the whole gains, as a logarithm; null while no other task was tried.
    pub log_e_overall: Option<f64>,
    /// What `log_e_overall` had to reach; null where nothing had to.
    pub log_e_overall_needed: Option<f64>,
    /// Mean difference of the target's pairs; optimistic, since it is taken at a moment that luck chose.
    pub mean_target: Option<f64>,
    /// Mean difference over the tasks that the edit reaches; null while no other task was tried.
    pub mean_overall: Option<f64>,
    /// Interval of the target's difference at 90 %, valid at every moment.
    pub interval_target: [f64; 2],
    /// Interval of the others' difference at 90 %, valid at every moment.
    pub interval_other: [f64; 2],
}
