//! The objective of the teacher: the overall score and the mean over categories, on held-out train tasks.

use std::collections::BTreeMap;

use crate::artifact::evaluation::ScoredAttempt;

/// The largest fall of a category that an edit may cause. It is smaller than the gate's usual 0.05, because the samples
/// are small.
const MAX_FALL: f64 = 0.03;

/// The category and score of each measured task, by task id.
pub(crate) type Scores = BTreeMap<String, (String, f64)>;

/// A change of scores, summarized.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Gain {
    /// Change of the mean over all tasks, categories weighted as in the whole train split.
    pub overall: f64,
    /// Change of the mean over categories.
    pub balanced: f64,
    /// The lowest change of any category; at most 0.
    pub worst: f64,
    /// Standard error of the overall and balanced changes taken together.
    pub error: f64,
}

impl Gain {
    /// The number by which candidates are ranked.
    pub(crate) fn worth(&self) -> f64 {
        (self.overall + self.balanced) / 2.0
    }

    /// Whether the change is a gain beyond chance and no category loses more than [`MAX_FALL`]. The overall score may
    /// lose up to `cost`.
    pub(crate) fn is_real(&self, min_gain: f64, cost: f64) -> bool {
        self.overall > min_gain - cost && self.worth() > min_gain + self.error && self.worst >= -MAX_FALL
    }
}

/// The scores of attempts. Attempts without a score (infrastructure failures) are left out.
pub(crate) fn scores(attempts: &[ScoredAttempt]) -> Scores {
    let entry = |attempted: &ScoredAttempt| {
        let task = attempted.task;
        Some((task.task_id.clone(), (task.category.clone(), attempted.score?)))
    };
    attempts.iter().filter_map(entry).collect()
}

/// The change from `before` to `after`; `shares` are the categories' shares of the whole train split.
pub(crate) fn gain(before: &Scores, after: &Scores, shares: &BTreeMap<String, f64>) -> Gain {
    let mut changes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (task, (category, score)) in after {
        if let Some((_, old)) = before.get(task) {
            changes.entry(category).or_default().push(score - old);
        }
    }
    let even = 1.0 / changes.len().max(1) as f64;
    let mut gain = Gain::default();
    let mut variance = 0.0;
    for (category, changes) in &changes {
        let count = changes.len() as f64;
        let mean = changes.iter().sum::<f64>() / count;
        let share = shares.get(*category).copied().unwrap_or_default();
        gain.overall += share * mean;
        gain.balanced += even * mean;
        gain.worst = gain.worst.min(mean);
        let spread = changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / count;
        variance += ((share + even) / 2.0).powi(2) * spread / count;
    }
    gain.error = variance.sqrt();
    gain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores_of(rows: &[(&str, f64)]) -> Scores {
        let row = |(at, (category, score)): (usize, &(&str, f64))| (at.to_string(), ((*category).to_owned(), *score));
        rows.iter().enumerate().map(row).collect()
    }

    #[test]
    fn categories_are_weighed_both_ways() {
        let before = scores_of(&[("a", 0.0), ("a", 0.0), ("b", 1.0)]);
        let after = scores_of(&[("a", 1.0), ("a", 0.0), ("b", 1.0)]);
        let shares = BTreeMap::from([("a".to_owned(), 0.9), ("b".to_owned(), 0.1)]);
        let gain = gain(&before, &after, &shares);
        assert!(
            (gain.overall - 0.45).abs() < 1e-9 && (gain.balanced - 0.25).abs() < 1e-9,
            "{gain:?}"
        );
        assert_eq!(gain.worst, 0.0);
    }

    #[test]
    fn a_gain_at_a_categorys_cost_is_not_real() {
        let before = scores_of(&[("a", 0.0), ("b", 1.0)]);
        let after = scores_of(&[("a", 1.0), ("b", 0.0)]);
        let shares = BTreeMap::from([("a".to_owned(), 0.9), ("b".to_owned(), 0.1)]);
        assert!(!gain(&before, &after, &shares).is_real(0.0, 0.0));
    }
}
