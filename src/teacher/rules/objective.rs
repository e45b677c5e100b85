//! The objective of the teacher: the overall score and the mean over categories, on held-out train tasks.

use std::collections::BTreeMap;

use crate::artifact::evaluation::ScoredAttempt;

/// The smallest fall of a category that counts, as a share of its score. Smaller ones are left to the gate.
const FALL: f64 = 0.10;
/// The largest probability that an edit that lowers no category is said to lower one.
const FALSE_ALARM: f64 = 0.10;

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
    /// Whether a category fell by more than chance.
    pub fell: bool,
    /// Standard error of the overall and balanced changes taken together.
    pub error: f64,
}

impl Gain {
    /// The number by which candidates are ranked.
    pub(crate) fn worth(&self) -> f64 {
        (self.overall + self.balanced) / 2.0
    }

    /// Whether the change is a gain beyond chance, and no category falls by more than chance. With many categories, each
    /// has few tasks, so some category falls under almost every change. The overall score may lose up to `cost`.
    pub(crate) fn is_real(&self, min_gain: f64, cost: f64) -> bool {
        self.overall > min_gain - cost && self.worth() > min_gain + self.error && !self.fell
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
        gain.fell |= mean <= -FALL + 1e-9 && chance_of_loss(changes) <= FALSE_ALARM * even;
        let spread = changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / count;
        variance += ((share + even) / 2.0).powi(2) * spread / count;
    }
    gain.error = variance.sqrt();
    gain
}

/// The probability that a change that gains and loses equally often loses at least as often as this one (sign test).
fn chance_of_loss(changes: &[f64]) -> f64 {
    let lost = changes.iter().filter(|change| **change < 0.0).count();
    let moved = changes.iter().filter(|change| **change != 0.0).count();
    // From the probability of 0 losses to that of each further number, in logarithms, because 2^-moved underflows.
    let mut term = -(moved as f64) * std::f64::consts::LN_2;
    let mut chance = 0.0;
    for losses in 0..=moved {
        if losses >= lost {
            chance += term.exp();
        }
        term += ((moved - losses) as f64).ln() - ((losses + 1) as f64).ln();
    }
    chance
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
    fn the_chance_of_losses_is_that_of_a_coin() {
        for (losses, wins, expected) in [(0, 0, 1.0), (1, 0, 0.5), (4, 0, 0.0625), (3, 1, 0.3125), (0, 3, 1.0)] {
            let changes: Vec<f64> = [vec![-1.0; losses], vec![0.5; wins], vec![0.0; 7]].concat();
            assert!((chance_of_loss(&changes) - expected).abs() < 1e-12, "{losses} {wins}");
        }
        assert!(chance_of_loss(&vec![-1.0; 5_000]) < 1e-300);
    }

    /// The gain of a change that loses `lost` of the 20 tasks of one category and gains all 180 of the others.
    fn with_losses(lost: usize, categories: usize) -> Gain {
        let mut before = vec![("b", 1.0); 20];
        let mut after: Vec<(&str, f64)> = (0..20).map(|at| ("b", f64::from(u8::from(at >= lost)))).collect();
        let others = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"];
        for at in 0..180 {
            let category = others[at % (categories - 1)];
            before.push((category, 0.0));
            after.push((category, 1.0));
        }
        let shares: BTreeMap<String, f64> = [("b".to_owned(), 0.1), ("c1".to_owned(), 0.9)].into();
        gain(&scores_of(&before), &scores_of(&after), &shares)
    }

    #[test]
    fn a_fall_counts_only_beyond_chance() {
        for (lost, categories, real) in [(1, 2, true), (4, 2, true), (5, 2, false), (6, 10, true), (7, 10, false)] {
            let gain = with_losses(lost, categories);
            assert_eq!(
                gain.is_real(0.0, 0.0),
                real,
                "{lost} of 20 lost, {categories} categories: {gain:?}"
            );
        }
    }
}
