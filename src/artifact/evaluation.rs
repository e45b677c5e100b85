//! An evaluation: what a benchmark says of a harness.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::task::Task;

/// What the student did with one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Attempt {
    /// It answered; a scorer decides what the answer is worth.
    Answered {
        /// The answer.
        answer: String,
        /// The model that was used, when known.
        model: Option<String>,
        /// The tool that was called, when one was.
        tool: Option<String>,
    },
    /// The agent itself failed (time-out, crash, bad tool call): score 0.
    Failed {
        /// What happened.
        reason: String,
    },
    /// The world failed: no score at all.
    Infra {
        /// What happened.
        reason: String,
    },
}

/// One task's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskScore {
    /// The task.
    pub task_id: String,
    /// Its category.
    pub category: String,
    /// 0 to 1; absent when the attempt failed for reasons of infrastructure.
    pub score: Option<f64>,
}

/// What a benchmark says of a harness. Scores are sums over tasks first, means only for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// Mean over all scored tasks, 0 to 1.
    pub overall_score: f64,
    /// Mean a category.
    pub category_scores: BTreeMap<String, f64>,
    /// Tasks that have a score.
    pub task_count: usize,
    /// Tasks without a score, for reasons of infrastructure.
    pub infra_errors: usize,
    /// Every task, in the order of the benchmark.
    pub tasks: Vec<TaskScore>,
}

impl Evaluation {
    /// Folds task scores into means.
    pub(crate) fn of(tasks: Vec<TaskScore>) -> Self {
        let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
        let (mut sum, mut count) = (0.0, 0);
        for (category, score) in tasks.iter().filter_map(|task| Some((&task.category, task.score?))) {
            let entry = sums.entry(category.clone()).or_default();
            *entry = (entry.0 + score, entry.1 + 1);
            (sum, count) = (sum + score, count + 1);
        }
        Self {
            overall_score: mean(sum, count),
            category_scores: sums
                .into_iter()
                .map(|(category, (sum, count))| (category, mean(sum, count)))
                .collect(),
            task_count: count,
            infra_errors: tasks.len() - count,
            tasks,
        }
    }
}

/// One attempt together with the task that it answers.
#[derive(Clone, Debug)]
pub struct Attempted<'a> {
    /// The task.
    pub task: &'a Task,
    /// What the student did.
    pub attempt: Attempt,
    /// What it was worth, 0 to 1; `None` for an infrastructure error.
    pub score: Option<f64>,
    /// Whether the attempt was made for this very call, not remembered: what costs.
    pub fresh: bool,
}

fn mean(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}
