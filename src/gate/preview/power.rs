//! What a benchmark can show in mode `sample`: the smallest gains, and how many tasks have to fail.

use serde::Serialize;

use crate::gate::power::sample::{CONTENTS, WORDING, visible};
use crate::gate::sample::sign_flip::fewest_wins;

/// What a benchmark can show in mode `sample`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SamplePower {
    /// The number of gate tasks with a score.
    pub tasks: usize,
    /// How many of them fail.
    pub failing: usize,
    /// The fewest tasks that have to gain, with no loss, for an accept.
    pub fewest_failing: usize,
    /// The smallest gain that is accepted with a probability of 80 %, for an edit of contents; `None`: no gain is.
    pub visible: Option<f64>,
    /// The same for a mere rewording, which flips fewer tasks.
    pub visible_wording: Option<f64>,
    /// The share of tasks that the edits of this session flipped so far.
    pub flips: Option<f64>,
}

impl SamplePower {
    /// What these baseline scores can show at a level; `flips`: the share of tasks that edits flipped so far.
    pub(crate) fn of(scores: &[f64], level: f64, flips: Option<f64>) -> Self {
        let gain = |usual| visible(level, flips.unwrap_or(usual), scores.len());
        Self {
            tasks: scores.len(),
            failing: scores.iter().filter(|score| **score < 1.0).count(),
            fewest_failing: fewest_wins(level),
            visible: gain(CONTENTS),
            visible_wording: gain(WORDING),
            flips,
        }
    }

    /// Whether any edit can be accepted.
    pub(crate) fn suffices(&self) -> bool {
        self.failing >= self.fewest_failing
    }
}
