//! An evaluation: the scores of one harness on a benchmark's tasks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::money::{self, Money};
use super::spending::Usage;
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
        /// What the answer took; absent when unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<AttemptUsage>,
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

/// What an answer took when it was given; a part that is unknown is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptUsage {
    /// Time in seconds.
    pub seconds: Option<f64>,
    /// Tokens.
    pub tokens: Option<Usage>,
    /// Cost in dollars.
    #[serde(default, deserialize_with = "money::known")]
    pub cost_usd: Option<Money>,
}

impl AttemptUsage {
    /// The usage of two calls one after the other: known if both are.
    pub(crate) fn and(self, other: Self) -> Self {
        let tokens = |(mut sum, other): (Usage, Usage)| {
            sum += other;
            sum
        };
        Self {
            seconds: self.seconds.zip(other.seconds).map(|(one, other)| one + other),
            tokens: self.tokens.zip(other.tokens).map(tokens),
            cost_usd: [self.cost_usd, other.cost_usd].into_iter().sum(),
        }
    }

    /// `None` if nothing is known.
    pub(crate) fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl Attempt {
    /// Why there is no score; `None` for an attempt that has one.
    pub(crate) fn unscored(&self) -> Option<&str> {
        match self {
            Attempt::Infra { reason } | Attempt::Refused { reason } => Some(reason),
            Attempt::Answered { .. } | Attempt::Failed { .. } => None,
        }
    }

    /// The agent's own failure; `None` for an answer, and for an attempt that the infrastructure lost.
    pub(crate) fn own_failure(&self) -> Option<&str> {
        match self {
            Attempt::Failed { reason } => Some(reason),
            _ => None,
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
    /// Why there is no score; absent if there is one, and in evaluations of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unscored: Option<String>,
    /// Why the agent failed, so that the score is 0. It is for messages and not part of the file.
    #[serde(skip)]
    pub failed: Option<String>,
}

impl From<ScoredAttempt<'_>> for TaskScore {
    fn from(attempted: ScoredAttempt) -> Self {
        let reason = attempted.attempt.unscored().map(str::to_owned);
        Self {
            task_id: attempted.task.task_id.clone(),
            category: attempted.task.category.clone(),
            score: attempted.score,
            unscored: reason.filter(|_| attempted.score.is_none()),
            failed: attempted.attempt.own_failure().map(str::to_owned),
        }
    }
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

    /// How many tasks have no score, and why; `None` if all have one.
    pub(crate) fn unscored(&self) -> Option<String> {
        let counted = unscored_of_all(self.infra_errors, self.task_count)?;
        let reasons = self.tasks.iter().filter_map(|task| task.unscored.as_deref());
        Some(match frequent(reasons) {
            Some(reasons) => format!("{counted}: {reasons}"),
            None => counted,
        })
    }

    /// How many attempts the agent itself failed, and why; `None` if it failed none or the evaluation was read from a
    /// file.
    pub(crate) fn failed(&self) -> Option<String> {
        failures(self.tasks.iter().map(|task| task.failed.as_deref()))
    }
}

/// How many attempts the agent itself failed, and why, such as `2 of 4 attempts failed: exit status 1`; `None` if it
/// failed none.
pub(crate) fn failures<'r>(attempts: impl Iterator<Item = Option<&'r str>> + Clone) -> Option<String> {
    let reasons = attempts.clone().flatten();
    let (failed, all) = (reasons.clone().count(), attempts.count());
    let reasons = frequent(reasons)?;
    Some(format!("{failed} of {all} attempts failed: {reasons}"))
}

/// `1 of 4 unscored`; `None` if all tasks have a score.
pub(super) fn unscored_of_all(unscored: usize, scored: usize) -> Option<String> {
    (unscored > 0).then(|| format!("{unscored} of {} unscored", scored + unscored))
}

/// Number of reasons that a message shows.
const SHOWN: usize = 2;

/// The most frequent reasons, with their numbers; `None` without a reason.
pub(crate) fn frequent<'r>(reasons: impl Iterator<Item = &'r str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let several = counts.len() > 1;
    let one = |(reason, count): &(&str, usize)| match several {
        true => format!("{count} × {reason}"),
        false => (*reason).to_owned(),
    };
    let shown: Vec<String> = counts.iter().take(SHOWN).map(one).collect();
    let rest: usize = counts.iter().skip(SHOWN).map(|(_, count)| count).sum();
    let more = if rest > 0 {
        format!("; and {rest} for other reasons")
    } else {
        String::new()
    };
    (!shown.is_empty()).then(|| shown.join("; ") + &more)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(reasons: &[Option<&str>]) -> Evaluation {
        let task = |(at, reason): (usize, &Option<&str>)| TaskScore {
            task_id: format!("t{at}"),
            category: "c".into(),
            score: reason.is_none().then_some(1.0),
            unscored: reason.map(str::to_owned),
            failed: None,
        };
        Evaluation::of(reasons.iter().enumerate().map(task).collect())
    }

    #[test]
    fn a_score_says_of_how_many_tasks_it_is() {
        assert_eq!(evaluation(&[None, None]).unscored(), None);
        let one = evaluation(&[None, Some("gone"), None]);
        assert_eq!(
            (one.task_count, one.unscored().unwrap().as_str()),
            (2, "1 of 3 unscored: gone")
        );
        let more = evaluation(&[Some("a"), Some("b"), Some("b"), Some("c"), Some("d"), None]);
        assert_eq!(
            more.unscored().unwrap(),
            "5 of 6 unscored: 2 × b; 1 × a; and 2 for other reasons"
        );
    }

    #[test]
    fn the_agent_s_own_failures_are_counted_and_quoted() {
        let of = |reasons: &[Option<&'static str>]| failures(reasons.iter().copied());
        assert_eq!(of(&[None, None]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Some("a"), None, Some("a")]).unwrap(), "2 of 3 attempts failed: a");
        assert_eq!(
            of(&[Some("a"), Some("b"), Some("a")]).unwrap(),
            "3 of 3 attempts failed: 2 × a; 1 × b"
        );
    }

    #[test]
    fn an_evaluation_of_an_older_version_has_no_reasons() {
        let mut old = evaluation(&[None, Some("gone")]);
        old.tasks[1].unscored = None;
        assert_eq!(old.unscored().unwrap(), "1 of 2 unscored");
    }
}
