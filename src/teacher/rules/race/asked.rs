//! Asks a student that costs money or seconds: counts its attempts, and makes no more than the budget allows.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::Task;
use crate::harness::Harness;
use crate::teacher::Briefing;

/// The scores of some tasks, by task id.
pub(super) type TaskScores = BTreeMap<String, f64>;

/// The student of a briefing, with a number of attempts.
pub(crate) struct AskedStudent<'b, 'a> {
    briefing: &'b Briefing<'a>,
    most: usize,
    made: Cell<usize>,
}

impl<'b, 'a> AskedStudent<'b, 'a> {
    /// The student, which makes at most `most` attempts.
    pub(crate) fn new(briefing: &'b Briefing<'a>, most: usize) -> Self {
        Self {
            briefing,
            most,
            made: Cell::new(0),
        }
    }

    /// The number of attempts that are left.
    pub(super) fn left(&self) -> usize {
        self.most.saturating_sub(self.made.get())
    }

    /// The number of attempts so far. A remembered answer is none.
    pub(super) fn made(&self) -> usize {
        self.made.get()
    }

    /// Attempts at the tasks, as many as are left.
    pub(crate) fn attempts<'t>(&self, harness: &Harness, tasks: &[&'t Task]) -> Vec<ScoredAttempt<'t>> {
        let tasks = &tasks[..tasks.len().min(self.left())];
        if tasks.is_empty() {
            return Vec::new();
        }
        let attempts = (self.briefing.run_student)(harness, tasks);
        let fresh = attempts.iter().filter(|attempted| attempted.fresh).count();
        self.made.set(self.made.get() + fresh);
        attempts
    }

    /// The scores of the tasks. A request that the server refuses counts as wrong, because the harness causes it.
    pub(super) fn scores(&self, harness: &Harness, tasks: &[&Task]) -> TaskScores {
        let score = |attempted: &ScoredAttempt| match attempted.attempt {
            Attempt::Refused { .. } => Some(0.0),
            _ => attempted.score,
        };
        let attempts = self.attempts(harness, tasks);
        let scored = attempts
            .iter()
            .filter_map(|attempted| Some((attempted.task.task_id.clone(), score(attempted)?)));
        scored.collect()
    }
}

/// The mean score; 0 without a score.
pub(super) fn mean(scores: &TaskScores) -> f64 {
    scores.values().sum::<f64>() / scores.len().max(1) as f64
}
