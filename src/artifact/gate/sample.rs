//! What a record of mode `sample` adds: the settings of the test, and the numbers that decide.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of mode `sample`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleSettings {
    /// Largest probability of dropping an edit with a useful gain early; below 1. 0: it is never dropped early.
    pub beta: f64,
    /// Largest probability of holding back an edit that lowers no category; between 0 and 1, exclusive.
    pub alpha_harm: f64,
    /// The useful gain is at least this, 0 to 1.
    pub useful_floor: f64,
    /// The useful gain as a share of what fails without the edit, 0 to 1.
    pub useful_share: f64,
    /// After how many tasks each it is checked whether an accept can still be reached; 0: never.
    pub look: usize,
    /// Largest p value of an edit that is called likely, 0 to 1.
    pub likely: f64,
    /// Number of runs of each task in each arm, at least 1.
    pub runs: u32,
    /// No category may lose more than this, 0 to 1; absent: a category fell if it lost 10 points and more than chance
    /// explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_regression: Option<f64>,
}

impl Default for SampleSettings {
    fn default() -> Self {
        Self {
            beta: 0.10,
            alpha_harm: 0.10,
            useful_floor: 0.02,
            useful_share: 0.10,
            look: 8,
            likely: 0.10,
            runs: 1,
            max_regression: None,
        }
    }
}

impl SampleSettings {
    /// The settings of a run that goes on to its end whatever it finds.
    pub(crate) fn to_the_end(self) -> Self {
        Self {
            beta: 0.0,
            look: 0,
            ..self
        }
    }

    /// The smallest gain that is worth detecting for a baseline with this mean, 0 to 1: a tenth of what fails.
    pub fn useful(&self, baseline: f64) -> f64 {
        self.useful_floor.max(self.useful_share * (1.0 - baseline))
    }
}

/// What a record of mode `sample` adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleEvidence {
    /// Tasks that gained.
    pub wins: usize,
    /// Tasks that lost.
    pub losses: usize,
    /// Tasks with equal scores; those that the edit does not reach are among them.
    pub ties: usize,
    /// Number of gate tasks that count: the sum of wins, losses and ties.
    pub n: usize,
    /// Number of gate tasks that could count.
    pub of: usize,
    /// The probability of wins and losses at least as favourable if the edit does nothing; null without a task.
    pub p: Option<f64>,
    /// Largest p value that is accepted: the edit's share of the session's error budget.
    pub level: f64,
    /// Whether all gate tasks that could count did.
    pub complete: bool,
    /// 90 % interval of the change, as fractions; null without a task.
    pub interval: Option<[f64; 2]>,
    /// Mean change over the gate tasks; absent if the trial stopped early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// The smallest gain that is worth detecting here, 0 to 1.
    pub useful: f64,
    /// Number of pairs, the first ones, that come from the trial of an earlier session.
    #[serde(default, skip_serializing_if = "crate::artifact::is_zero")]
    pub seen: usize,
    /// The settings used.
    pub settings: SampleSettings,
}

impl SampleEvidence {
    /// The evidence before the first pair.
    pub(crate) fn unfed(settings: SampleSettings) -> Self {
        Self {
            wins: 0,
            losses: 0,
            ties: 0,
            n: 0,
            of: 0,
            p: None,
            level: 0.0,
            complete: false,
            interval: None,
            gain: None,
            useful: 0.0,
            seen: 0,
            settings,
        }
    }
}
