//! Computes the numbers of a gate record that depend only on the paired differences.

use super::interval::interval;
use crate::artifact::gate::numbers::{GAMMA, Numbers, Tally};

impl Numbers {
    /// The numbers that depend only on the differences. `reached`: how many tasks of the target, and how many other
    /// tasks, the edit reaches.
    pub(crate) fn of(target: &[f64], other: &[f64], reached: (usize, usize)) -> Self {
        let all = (reached.0 + reached.1).max(1) as f64;
        let overall = mean(target)
            .zip(mean(other))
            .map(|(target, other)| (reached.0 as f64 * target + reached.1 as f64 * other) / all);
        Self {
            target: Tally::of(target),
            other: Tally::of(other),
            mean_target: mean(target),
            mean_overall: overall,
            interval_target: interval(target, GAMMA),
            interval_other: interval(other, GAMMA),
            ..Self::default()
        }
    }
}

fn mean(differences: &[f64]) -> Option<f64> {
    let sum: f64 = differences.iter().sum();
    (!differences.is_empty()).then(|| sum / differences.len() as f64)
}
