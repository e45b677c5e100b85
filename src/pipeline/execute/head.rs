//! The head as the phase moves it: what is applied so far, its evaluation, the commit that holds it, and what the gate
//! has learnt and spent on the way.

use super::{ExecuteContext, ExecuteInput};
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::outcome::Outcome;
use crate::eval::run::evaluate;
use crate::harness::{FileChange, Harness};
use crate::ledger::port::CommitId;
use crate::workspace::error::RunError;

/// The head.
pub(super) struct SessionHead {
    pub commit: Option<CommitId>,
    pub harness: Harness,
    pub evaluation: Option<Evaluation>,
    /// What the error budget was spent on.
    pub budget: ErrorBudget,
    /// Edits that this session applied because their bets were won.
    pub accepted: usize,
    /// Attempts that were made, and not remembered.
    pub made: usize,
    /// Gate tasks that edits did not reach, over all trials: exact ties that were not run.
    pub unreached: usize,
    /// Whether a flip did not repeat: the student is noisy after all.
    pub flaky: bool,
}

impl SessionHead {
    /// The head before the first step.
    pub(crate) fn new(given: &ExecuteInput) -> Self {
        Self {
            commit: given.head_commit.clone(),
            harness: given.head.clone(),
            evaluation: None,
            budget: given.budget.clone(),
            made: 0,
            unreached: 0,
            accepted: given.outcomes.values().filter(|outcome| outcome.is_won_bet()).count(),
            flaky: given.outcomes.values().any(Outcome::is_flaky),
        }
    }

    /// Its evaluation: known, or that of the baseline, or made now.
    ///
    /// # Errors
    /// Something halted it.
    pub(crate) fn evaluation(&mut self, given: &ExecuteInput, means: &ExecuteContext) -> Result<Evaluation, RunError> {
        if self.harness.digest() == given.baseline.harness && self.evaluation.is_none() && same_tasks(given) {
            self.evaluation = Some(given.baseline.evaluation.clone());
        }
        let known = match self.evaluation.take() {
            Some(known) => known,
            None => score(&self.harness, given, means)?,
        };
        Ok(self.evaluation.insert(known).clone())
    }

    /// Writes and commits changed files, unless HEAD is no longer the one that was judged: a verdict holds for that alone.
    pub(crate) fn commit(
        &mut self,
        changes: &[FileChange],
        message: &str,
        means: &ExecuteContext,
    ) -> Result<CommitId, RunError> {
        if means.ledger.head()? != self.commit {
            return Err(RunError::HeadMoved);
        }
        means.effects.write(changes)?;
        let paths: Vec<String> = changes.iter().map(|change| change.path.clone()).collect();
        let commit = means.ledger.commit(&paths, message)?;
        means.effects.finish_write()?;
        self.commit = Some(commit.clone());
        Ok(commit)
    }
}

/// Whether the baseline speaks of the very tasks that the gate uses now.
fn same_tasks(given: &ExecuteInput) -> bool {
    let scored = &given.baseline.evaluation.tasks;
    scored.len() == given.gate.len()
        && scored
            .iter()
            .zip(given.gate)
            .all(|(score, task)| score.task_id == task.task_id)
}

/// The word of the session's gate tasks on a harness.
pub(super) fn score(harness: &Harness, given: &ExecuteInput, means: &ExecuteContext) -> Result<Evaluation, RunError> {
    let tasks: Vec<_> = given.gate.iter().collect();
    Ok(evaluate(&means.evaluator, harness, &tasks)?)
}
