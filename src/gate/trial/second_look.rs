//! A second look at an edit that a trial of mode `sample` left undecided: its pairs count, and only new gate tasks run.

use std::collections::{BTreeMap, BTreeSet};

use super::Trial;
use crate::artifact::gate::record::{GateRecord, Pair, RunCounts};
use crate::eval::run::EvaluationHalted;

impl GateRecord {
    /// The pairs that count.
    pub(super) fn scored_pairs(&self) -> Vec<Pair> {
        self.pairs.iter().filter(|pair| pair.x.is_some()).cloned().collect()
    }
}

impl Trial<'_> {
    /// Whether this trial repeats the comparison of a record that left the edit undecided after a complete run: harness,
    /// edit, student and the requests of the record's tasks are the same. There may be more gate tasks since then.
    pub(crate) fn repeats(&self, record: &GateRecord) -> bool {
        let names: BTreeSet<&str> = record.reached.iter().map(|reached| reached.task.as_str()).collect();
        let runs = record.sampled().map(|sample| sample.settings.runs);
        record.may_be_kept()
            && runs == Some(self.question.sample.runs)
            && record.baseline == self.question.before.digest()
            && record.candidate == self.question.after.digest()
            && record.comparison == self.comparison_over(|task| names.contains(task))
    }

    /// Whether the edit reaches a task that a record has not seen.
    pub(crate) fn has_new_tasks(&self, record: &GateRecord) -> bool {
        let seen: BTreeSet<&str> = record
            .pairs
            .iter()
            .filter(|pair| pair.x.is_some())
            .map(|pair| pair.task.as_str())
            .collect();
        self.reached.iter().any(|task| !seen.contains(task.task_id.as_str()))
    }

    /// Scores the reached tasks without the edit, where the pairs so far do not tell.
    pub(super) fn score_baseline(&self, record: &mut GateRecord, made: &mut RunCounts) -> Result<(), EvaluationHalted> {
        for (pair, task) in self.placed(&record.pairs.clone()) {
            if let Some(task) = task {
                record.reached[task].baseline = pair.y;
            }
        }
        let open: Vec<usize> = (0..self.reached.len())
            .filter(|task| record.reached[*task].baseline.is_none())
            .collect();
        let scores = self.means(&self.before, &open, 0, &mut made.baseline)?;
        for (task, score) in open.into_iter().zip(scores) {
            record.reached[task].baseline = score;
        }
        Ok(())
    }

    /// Pairs, each with the place of its task among the reached ones.
    pub(super) fn placed<'p>(&self, pairs: &'p [Pair]) -> Vec<(&'p Pair, Option<usize>)> {
        let places: BTreeMap<&str, usize> = self
            .reached
            .iter()
            .enumerate()
            .map(|(at, task)| (task.task_id.as_str(), at))
            .collect();
        let placed = |pair: &'p Pair| (pair, places.get(pair.task.as_str()).copied());
        pairs.iter().map(placed).collect()
    }
}
