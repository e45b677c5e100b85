//! A probe: a second run of the baseline's tasks under the same harness, to measure the student's noise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::TaskScore;

/// How much a second run of the baseline differs from the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// Tasks that both runs scored.
    pub tasks: usize,
    /// Tasks whose scores differ.
    pub disagreed: Vec<String>,
    /// Half of the mean squared difference: an estimate of one run's variance, averaged over tasks.
    pub noise: f64,
    /// The scores of the second run, in benchmark order.
    pub second: Vec<TaskScore>,
}

impl Probe {
    /// Whether any task's score differs between the two runs.
    pub(crate) fn is_noisy(&self) -> bool {
        !self.disagreed.is_empty()
    }

    /// Compares two runs of the same tasks, in the same order.
    pub(crate) fn of(first: &[TaskScore], second: Vec<TaskScore>) -> Self {
        let both = first.iter().zip(&second);
        let differences: Vec<(&str, f64)> = both
            .filter_map(|(first, second)| Some((first.task_id.as_str(), second.score? - first.score?)))
            .collect();
        let squares: f64 = differences.iter().map(|(_, difference)| difference * difference).sum();
        let differing = differences.iter().filter(|(_, difference)| *difference != 0.0);
        Self {
            tasks: differences.len(),
            disagreed: differing.map(|(task_id, _)| (*task_id).to_owned()).collect(),
            noise: squares / (2 * differences.len().max(1)) as f64,
            second,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_mean_square_is_the_variance_of_a_run() {
        let scores = |scores: [Option<f64>; 4]| {
            let one = |(at, score): (usize, Option<f64>)| TaskScore {
                task_id: format!("t{at}"),
                category: "c".into(),
                score,
                unscored: None,
                failed: None,
            };
            scores.into_iter().enumerate().map(one).collect::<Vec<_>>()
        };
        let first = scores([Some(1.0), Some(0.0), Some(0.5), Some(1.0)]);
        let probe = Probe::of(&first, scores([Some(0.0), Some(0.0), Some(1.0), None]));
        assert_eq!(
            (probe.tasks, probe.disagreed),
            (3, vec!["t0".to_owned(), "t2".to_owned()])
        );
        assert!((probe.noise - 1.25 / 6.0).abs() < 1e-12);
        let silent = Probe::of(&first, scores([None; 4]));
        assert_eq!((silent.tasks, silent.noise), (0, 0.0));
    }
}
