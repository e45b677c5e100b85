//! Measures the steps of a configuration one after the other, on tasks that did not choose it.

use std::collections::{BTreeMap, VecDeque};

use super::asked::{AskedStudent, TaskScores, mean};
use super::configuration::{Configuration, Step, applied};
use crate::artifact::task::Task;
use crate::harness::Harness;
use crate::teacher::Briefing;

/// A gain is shrunk as if this many more tasks had changed, half of them each way.
const PRIOR_CHANGES: f64 = 2.0;

/// A step that gained, with the scores before and after it.
pub(super) struct ProvenStep {
    /// The step.
    pub step: Step,
    /// The scores without it.
    pub before: TaskScores,
    /// The scores with it.
    pub after: TaskScores,
}

/// The changes between two lists of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ScoreChanges {
    /// The number of tasks that both lists have.
    pub tasks: usize,
    /// The number of tasks with a higher score.
    pub won: usize,
    /// The number of tasks with a lower score.
    pub lost: usize,
    /// The change of the mean.
    pub mean: f64,
}

impl ScoreChanges {
    pub(super) fn of(before: &TaskScores, after: &TaskScores) -> Self {
        let pairs = after.iter().filter_map(|(task, after)| Some(after - before.get(task)?));
        let mut found = Self::default();
        for change in pairs {
            found.tasks += 1;
            found.won += usize::from(change > 0.0);
            found.lost += usize::from(change < 0.0);
            found.mean += change;
        }
        found.mean /= found.tasks.max(1) as f64;
        found
    }

    /// The gain to expect on other tasks. Only steps that gained are proposed, and such a gain is partly luck.
    pub(super) fn expected(self) -> f64 {
        let changed = (self.won + self.lost) as f64;
        self.mean * changed / (changed + PRIOR_CHANGES)
    }
}

/// The steps that gain, in an order in which each gains on top of those before it. A step without effect is tried again at
/// the end: on an agent that answers nothing right, examples may have no effect until a parameter forces the form.
pub(super) fn proven(
    briefing: &Briefing,
    student: &AskedStudent,
    start: &Harness,
    agent: &str,
    configuration: Configuration,
    tasks: &[&Task],
) -> Vec<ProvenStep> {
    let mut queue: VecDeque<(Step, bool)> = configuration.into_iter().map(|step| (step, false)).collect();
    let mut harness = start.clone();
    let mut before = student.scores(&harness, tasks);
    let mut proven = Vec::new();
    while let Some((step, is_again)) = queue.pop_front() {
        let next = applied(briefing, &harness, agent, std::slice::from_ref(&step));
        if next == harness {
            continue;
        }
        let after = student.scores(&next, tasks);
        let changes = ScoreChanges::of(&before, &after);
        if changes.won > changes.lost && changes.mean > 0.0 {
            let was = std::mem::replace(&mut before, after.clone());
            harness = next;
            proven.push(ProvenStep {
                step,
                before: was,
                after,
            });
        } else if changes.won + changes.lost == 0 && !is_again && !queue.is_empty() {
            queue.push_back((step, true));
        }
    }
    proven
}

impl ProvenStep {
    /// The measurement, for people.
    pub(super) fn rationale(&self) -> String {
        let changes = ScoreChanges::of(&self.before, &self.after);
        let percent = |scores: &TaskScores| 100.0 * mean(scores);
        format!(
            "Chosen on other train tasks. On {} train tasks that did not choose it, the score rises from {:.0} % to {:.0} % \
             ({} won, {} lost); expect about {:+.0} points on the gate.",
            changes.tasks,
            percent(&self.before),
            percent(&self.after),
            changes.won,
            changes.lost,
            100.0 * changes.expected()
        )
    }

    /// The category in which most tasks were won.
    pub(super) fn category<'t>(&self, tasks: &[&'t Task]) -> Option<&'t str> {
        let mut won: BTreeMap<&str, f64> = BTreeMap::new();
        for task in tasks {
            let score = |scores: &TaskScores| scores.get(&task.task_id).copied().unwrap_or_default();
            *won.entry(&task.category).or_default() += score(&self.after) - score(&self.before);
        }
        let best = won
            .into_iter()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(category, _)| category)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(of: &[f64]) -> TaskScores {
        of.iter()
            .enumerate()
            .map(|(at, score)| (at.to_string(), *score))
            .collect()
    }

    #[test]
    fn only_tasks_with_both_scores_count() {
        let changes = ScoreChanges::of(&scores(&[0.0, 1.0, 0.0]), &scores(&[1.0, 0.5, 0.0, 1.0]));
        assert_eq!((changes.tasks, changes.won, changes.lost), (3, 1, 1));
        assert!((changes.mean - 0.5 / 3.0).abs() < 1e-9);
        assert!((changes.expected() - 0.25 / 3.0).abs() < 1e-9);
        assert_eq!(ScoreChanges::of(&scores(&[]), &scores(&[1.0])).mean, 0.0);
    }
}
