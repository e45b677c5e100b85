//! The change that a gate record shows: over all gate tasks and per category, once all of them ran, and an interval
//! before that. A task that the edit does not reach counts as a change of 0.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::summary;
use crate::artifact::gate::numbers::{GAMMA, Tally};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{CompleteRun, GateEvidence, GateRecord, Pair, ReachedTask};
use crate::artifact::gate::settings::Mode;
use crate::artifact::gate::verdict::Verdict;
use crate::gate::evidence::interval;

impl GateRecord {
    /// Mean change over all gate tasks; `None` unless all that count ran.
    pub(crate) fn overall_delta(&self) -> Option<f64> {
        match &self.evidence {
            GateEvidence::Sample(sample) => sample.gain,
            GateEvidence::Staged(staged) => match (&self.completed, staged.ran) {
                (Some(complete), _) => Some(complete.gain),
                (None, None) => self.overall_delta_of_old(),
                (None, Some(_)) => self.ran_completely().then(|| self.complete_run(Vec::new()).gain),
            },
        }
    }

    /// Mean change per category; empty unless all gate tasks that count ran.
    pub(crate) fn category_deltas(&self) -> BTreeMap<String, f64> {
        let is_old = self.staged().is_some_and(|staged| staged.ran.is_none());
        if is_old && self.completed.is_none() {
            return self.deltas_so_far();
        }
        match self.overall_delta() {
            Some(_) => self.sums(&self.per_task(self.rest())),
            None => BTreeMap::new(),
        }
    }

    /// The 90 % interval of the change over all gate tasks, or of the target for a trial in mode `sequential` that
    /// stopped. In mode `exact`, a trial that stopped has the smallest and the largest possible change.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        match (&self.evidence, &self.completed) {
            (GateEvidence::Sample(sample), _) => sample.interval,
            (_, Some(complete)) => Some(complete.interval),
            (GateEvidence::Staged(staged), None) => match self.mode {
                Mode::Sequential => (staged.numbers.target.pairs() > 0).then_some(staged.numbers.interval_target),
                _ if staged.ran.is_none() => None,
                _ if self.ran_completely() => Some(self.complete_run(Vec::new()).interval),
                _ => Some(self.possible()),
            },
        }
    }

    /// The gain over all gate tasks, where `rest` are the pairs of the tasks that the trial did not run.
    pub(crate) fn complete_run(&self, rest: Vec<Pair>) -> CompleteRun {
        let mut differences: Vec<f64> = self.per_task(&rest).into_values().collect();
        differences.resize(differences.len() + self.unreached(), 0.0);
        let Tally { wins, losses, ties } = Tally::of(&differences);
        CompleteRun {
            wins,
            losses,
            ties,
            gain: summary::mean(&differences).unwrap_or_default(),
            interval: summary::interval(&differences).unwrap_or([-1.0, 1.0]),
            rest,
        }
    }

    /// The reached tasks without a pair.
    pub(crate) fn tasks_without_pair(&self) -> Vec<usize> {
        let ran: BTreeSet<&str> = self.pairs.iter().map(|pair| pair.task.as_str()).collect();
        let left = |at: &usize| !ran.contains(self.reached[*at].task.as_str());
        (0..self.reached.len()).filter(left).collect()
    }

    /// The number of gate tasks that ran or that the edit does not reach.
    pub(crate) fn ran(&self) -> usize {
        self.tasks() - self.tasks_without_pair().len().min(self.tasks())
    }

    /// The difference of each complete pair, in order. A flip that did not repeat is a tie.
    pub(crate) fn differences(&self) -> impl Iterator<Item = (&str, f64)> {
        differences(&self.pairs)
    }

    /// The change per category that the pairs so far show. Reached tasks without a pair count as the mean of the
    /// category's pairs if the student is noisy, and as unchanged in mode `exact`.
    pub(crate) fn deltas_so_far(&self) -> BTreeMap<String, f64> {
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
            let delta = match self.stake.is_none() {
                true => sum / size,
                false => sum / count as f64 * reached / size,
            };
            (name.to_owned(), delta)
        };
        sums.into_iter().map(delta).collect()
    }

    /// The 90 % interval of a category's change; tasks that the edit does not reach count as 0. `None` except in mode
    /// `sequential`, and for a category without a pair.
    pub(crate) fn category_interval(&self, category: &str) -> Option<[f64; 2]> {
        self.stake.as_ref().filter(|_| self.mode == Mode::Sequential)?;
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

    fn rest(&self) -> &[Pair] {
        self.completed.as_ref().map_or(&[], |complete| &complete.rest)
    }

    fn ran_completely(&self) -> bool {
        self.staged().is_some_and(|staged| staged.ran == Some(self.tasks()))
    }

    /// The mean difference of each task that has a pair.
    fn per_task<'a>(&'a self, rest: &'a [Pair]) -> BTreeMap<&'a str, f64> {
        let mut sums: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
        for (task, difference) in self.differences().chain(differences(rest)) {
            let sum = sums.entry(task).or_default();
            *sum = (sum.0 + difference, sum.1 + 1);
        }
        let mean = |(task, (sum, count)): (&'a str, (f64, usize))| (task, sum / count as f64);
        sums.into_iter().map(mean).collect()
    }

    /// The mean per category of those differences.
    fn sums(&self, per_task: &BTreeMap<&str, f64>) -> BTreeMap<String, f64> {
        let mut deltas = BTreeMap::new();
        for reached in &self.reached {
            let size = self.sizes.get(&reached.category).copied().unwrap_or(1).max(1) as f64;
            if let Some(difference) = per_task.get(reached.task.as_str()) {
                *deltas.entry(reached.category.clone()).or_insert(0.0) += difference / size;
            }
        }
        deltas
    }

    /// The smallest and the largest change that the tasks without a pair leave possible.
    fn possible(&self) -> [f64; 2] {
        let sum = self.differences().fold(0.0, |sum, (_, difference)| sum + difference);
        let (mut low, mut high) = (sum, sum);
        for at in self.tasks_without_pair() {
            let y = self.reached[at].baseline.unwrap_or(0.0);
            (low, high) = (low - y, high + 1.0 - y);
        }
        let tasks = self.tasks().max(1) as f64;
        [low / tasks, high / tasks]
    }

    /// The change as versions wrote it that counted tasks without a run as ties.
    fn overall_delta_of_old(&self) -> Option<f64> {
        let deltas = self.deltas_so_far();
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
}

impl Verdict {
    /// The 90 % interval of the change in mode `rule`, which runs every task once; `None` without a task.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        let mut differences: Vec<f64> = self.changed.iter().map(|task| task.after - task.before).collect();
        differences.resize(self.tasks.max(differences.len()), 0.0);
        summary::interval(&differences)
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

fn differences(pairs: &[Pair]) -> impl Iterator<Item = (&str, f64)> {
    pairs
        .iter()
        .filter_map(|pair| Some((pair.task.as_str(), pair.difference()?)))
}

fn near(one: f64, two: f64) -> bool {
    (one - two).abs() < super::rule::TOLERANCE
}
