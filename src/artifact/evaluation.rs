//! An evaluation: the scores of one harness on a benchmark's tasks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::task::Task;

/// The result of one run of the student on one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Attempt {
    /// The student answered; a scorer rates the answer.
    Answered {
        /// The answer.
        answer: String,
        /// The model that was used; null when unknown.
        model: Option<String>,
        /// The tool that was called; null when none was.
        tool: Option<String>,
    },
    /// The agent failed (timeout, crash, filter): score 0.
    Failed {
        /// What went wrong.
        reason: String,
    },
    /// The infrastructure failed: no score.
    Infra {
        /// What went wrong.
        reason: String,
    },
    /// The server rejects the request for what the harness or the manifest puts into it, and would reject it again: no
    /// score.
    Refused {
        /// The server's words, with the file and key if they are known.
        reason: String,
    },
}

impl Attempt {
    /// Why there is no score; `None` for an attempt that has one.
    pub(crate) fn unscored(&self) -> Option<&str> {
        match self {
            Attempt::Infra { reason } | Attempt::Refused { reason } => Some(reason),
            Attempt::Answered { .. } | Attempt::Failed { .. } => None,
        }
    }
}

/// The score of one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskScore {
    /// The task.
    pub task_id: String,
    /// Its category.
    pub category: String,
    /// 0 to 1; null when the infrastructure failed.
    pub score: Option<f64>,
}

/// The scores of one harness. Decisions use sums over tasks; the means are for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// Mean over all scored tasks, 0 to 1.
    pub overall_score: f64,
    /// Mean per category.
    pub category_scores: BTreeMap<String, f64>,
    /// Number of tasks with a score.
    pub task_count: usize,
    /// Number of tasks without a score, because the infrastructure failed.
    pub infra_errors: usize,
    /// The score of every task, in benchmark order.
    pub tasks: Vec<TaskScore>,
}

impl Evaluation {
    /// Computes the means from task scores.
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

/// One attempt, with its task and score.
#[derive(Clone, Debug)]
pub struct ScoredAttempt<'a> {
    /// The task.
    pub task: &'a Task,
    /// The student's result.
    pub attempt: Attempt,
    /// The score, 0 to 1; `None` for an infrastructure error.
    pub score: Option<f64>,
    /// Whether the attempt was made now, and so cost something, rather than read from the cache.
    pub fresh: bool,
}

fn mean(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}
