//! The mean changes in a gate record, per category and over all gate tasks. A task that the edit does not reach counts
//! as a change of 0.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::gate::numbers::GAMMA;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{GateRecord, Pair, ReachedTask};
use crate::gate::evidence::interval;

impl GateRecord {
    /// Mean change per category. Reached tasks without a pair count as the mean of the category's pairs if the student
    /// is noisy, and as unchanged in mode `exact`.
    pub(crate) fn category_deltas(&self) -> BTreeMap<String, f64> {
        let of: BTreeMap<&str, &str> = self
            .reached
            .iter()
            .map(|reached| (reached.task.as_str(), reached.category.as_str()))
            .collect();
        let mut sums: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
        for (task, difference) in self.differences() {
            let entry = sums.entry(of.get(task).copied().unwrap_or_default()).or_default();
            *entry = (entry.0 + difference, entry.1 + 1);
        }
        let delta = |(name, (sum, count)): (&str, (f64, usize))| {
            let size = self.sizes.get(name).copied().unwrap_or(1).max(1) as f64;
            let reached = of.values().filter(|category| **category == name).count() as f64;
            let exact = self.stake.is_none();
            let delta = if exact {
                sum / size
            } else {
                sum / count as f64 * reached / size
            };
            (name.to_owned(), delta)
        };
        sums.into_iter().map(delta).collect()
    }

    /// The 90 % interval of a category's change; tasks that the edit does not reach count as 0. `None` in mode `exact`,
    /// and for a category without a pair.
    pub(crate) fn category_interval(&self, category: &str) -> Option<[f64; 2]> {
        self.stake.as_ref()?;
        let of = |reached: &&ReachedTask| reached.category == category;
        let tasks: BTreeSet<&str> = self
            .reached
            .iter()
            .filter(of)
            .map(|reached| reached.task.as_str())
            .collect();
        let fed = self.differences().filter(|(task, _)| tasks.contains(task));
        let differences: Vec<f64> = fed.map(|(_, difference)| difference).collect();
        let size = self.sizes.get(category).copied().unwrap_or(1).max(1);
        let share = (tasks.len() as f64 / size as f64).min(1.0);
        (!differences.is_empty()).then(|| interval(&differences, GAMMA).map(|end| end * share))
    }

    /// Mean change over all gate tasks; `None` if a category that the edit reaches has no pair, unless mode `exact`
    /// accepted the edit.
    pub(crate) fn overall_delta(&self) -> Option<f64> {
        let deltas = self.category_deltas();
        let tried = |category: &str| deltas.contains_key(category);
        let known = self.reason == GateReason::Improved && self.stake.is_none();
        if !known && !self.reached.iter().all(|reached| tried(&reached.category)) {
            return None;
        }
        let size = |name: &String| self.sizes.get(name).copied().unwrap_or(0) as f64;
        // Not `sum()`: the sum of no items is -0.0.
        let sum: f64 = deltas.iter().fold(0.0, |sum, (name, delta)| sum + delta * size(name));
        Some(sum / self.tasks().max(1) as f64)
    }

    /// The difference of each complete pair, in order. A flip that did not repeat is a tie.
    pub(crate) fn differences(&self) -> impl Iterator<Item = (&str, f64)> {
        self.pairs
            .iter()
            .filter_map(|pair| Some((pair.task.as_str(), pair.difference()?)))
    }
}

impl Pair {
    /// The difference with which the pair counts: 0 for a flip that did not repeat, `None` for a lost pair.
    pub(crate) fn difference(&self) -> Option<f64> {
        let (x, y) = self.x.zip(self.y)?;
        Some(if self.repeats() { x - y } else { 0.0 })
    }

    /// Whether every confirmation run of both arms repeated the score.
    pub(crate) fn repeats(&self) -> bool {
        let same = |(x, y)| {
            self.confirmations
                .iter()
                .all(|again| near(again.0, x) && near(again.1, y))
        };
        self.x.zip(self.y).is_none_or(same)
    }
}

fn near(one: f64, two: f64) -> bool {
    (one - two).abs() < super::rule::TOLERANCE
}
