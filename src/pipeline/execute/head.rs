//! The head of a session: the harness and its commit after the edits so far, and the error budget that they spent.

use std::collections::{BTreeMap, BTreeSet};

use super::{ExecuteContext, ExecuteInput, unique};
use crate::artifact::edit::Edit;
use crate::artifact::error_budget::{ErrorBudget, Slot};
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::record::{AlphaGrant, GateRecord};
use crate::artifact::gate::settings::Mode;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::digest::Digest;
use crate::eval::run::evaluate;
use crate::gate::trial::Trial;
use crate::harness::{FileChange, Harness};
use crate::ledger::port::{CommitId, Ledger, LedgerError};
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;
use crate::workspace::saved_records::SavedRecords;

/// The state of a session after the edits so far.
pub(super) struct SessionHead {
    pub commit: Option<CommitId>,
    pub harness: Harness,
    pub evaluation: Option<Evaluation>,
    pub budget: ErrorBudget,
    /// Number of edits that this session applied because a trial with an error budget accepted them.
    pub accepted: usize,
    /// Number of attempts that did not come from the cache.
    pub made: usize,
    /// Number of gate tasks that an edit did not reach, summed over all trials. They are ties and were not run.
    pub unreached: usize,
    /// Whether some flip did not repeat, which shows that the student is noisy.
    pub flaky: bool,
    /// Edits that this session applied because a trial with an error budget accepted them.
    pub won: BTreeSet<Digest>,
    /// Edits that screening dropped in this run.
    pub dropped: BTreeSet<Digest>,
    /// The mode of the last trial, so that a change of it can be announced.
    pub mode: Option<Mode>,
    /// Whether git may convert a file; known for the files of all edits so far.
    converted: BTreeMap<String, bool>,
}

impl SessionHead {
    /// The head before the first step.
    pub(crate) fn new(input: &ExecuteInput) -> Self {
        let outcomes = input.reconcile.outcomes.iter();
        let won: BTreeSet<Digest> = outcomes
            .filter(|(_, outcome)| outcome.is_won_bet())
            .map(|(digest, _)| *digest)
            .collect();
        Self {
            commit: input.head_commit.clone(),
            harness: input.head.clone(),
            evaluation: None,
            budget: input.gate.budget.clone(),
            converted: BTreeMap::new(),
            made: 0,
            unreached: 0,
            accepted: won.len(),
            won,
            dropped: BTreeSet::new(),
            mode: None,
            flaky: input.reconcile.outcomes.values().any(Outcome::is_flaky),
        }
    }

    /// The head's evaluation: the known one, that of the baseline, or a new one.
    ///
    /// # Errors
    /// The evaluation was stopped.
    pub(crate) fn evaluation(
        &mut self,
        input: &ExecuteInput,
        execution: &ExecuteContext,
    ) -> Result<Evaluation, RunError> {
        let same = input.late.is_none() && same_tasks(input);
        if self.harness.digest() == input.gate.baseline.harness && self.evaluation.is_none() && same {
            self.evaluation = Some(input.gate.baseline.evaluation.clone());
        }
        let known = match self.evaluation.take() {
            Some(known) => known,
            None => score(&self.harness, input, execution)?,
        };
        Ok(self.evaluation.insert(known).clone())
    }

    /// A harness to be committed after this one, as git would check it out: git's filters may not give back what an edit
    /// wrote.
    ///
    /// # Errors
    /// A filter fails, or git does.
    pub(super) fn checked_out(&mut self, next: Harness, execution: &ExecuteContext) -> Result<Harness, RunError> {
        let changes = self.harness.changes(&next);
        let mut new: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        new.retain(|path| !self.converted.contains_key(*path));
        if !new.is_empty() {
            self.converted.extend(execution.ledger().converted(&new)?);
        }
        let mut next = next;
        for FileChange { path, after, .. } in changes {
            if let Some(bytes) = after.filter(|_| self.converted[&path]) {
                let returned = execution.ledger().returned(&path, &bytes)?;
                next = next.with(path, returned);
            }
        }
        Ok(next)
    }

    /// Writes and commits changed files, and returns the commit with its harness: a hook of the repository may have
    /// changed what was committed. Fails if HEAD has moved, because the gate decided about another commit.
    pub(crate) fn commit(
        &mut self,
        after: &Harness,
        message: &str,
        input: &ExecuteInput,
        execution: &ExecuteContext,
    ) -> Result<(CommitId, Harness), RunError> {
        let changes = self.harness.changes(after);
        if execution.ledger().head()? != self.commit {
            return Err(RunError::HeadMoved);
        }
        execution.write(&changes)?;
        let session = execution.context.session;
        let records = SavedRecords::of(session)?;
        let committed = execution.ledger().commit_with_hooks(&paths(&changes), message);
        // A hook may format all files, not only those of the commit.
        if !matches!(committed, Ok((_, false))) {
            records.restore_form(session)?;
        }
        let (commit, hooked) = match committed {
            // A hook may have changed the files before the commit failed, so that they no longer look like kaizen's.
            Err(error) if execution.ledger().head()? == self.commit => {
                execution.take_back(&changes)?;
                execution.finish_write()?;
                return Err(error.into());
            }
            committed => committed?,
        };
        if let Some(change) = changes.first().filter(|_| Some(&commit) == self.commit.as_ref()) {
            execution.take_back(&changes)?;
            execution.finish_write()?;
            return Err(LedgerError::from(execution.ledger().hidden_change(change)?).into());
        }
        let committed = match hooked {
            true => execution.ledger().harness_at(&commit, input.select)?,
            false => after.clone(),
        };
        if hooked {
            execution.take_from_commit(&changes, &committed)?;
        }
        execution.finish_write()?;
        self.commit = Some(commit.clone());
        Ok((commit, committed))
    }

    /// Reverts the commit at HEAD, which a hook changed and the gate refused. No hook runs, because the files become what
    /// they were before.
    pub(crate) fn undo(
        &mut self,
        committed: &Harness,
        before: &Harness,
        message: &str,
        execution: &ExecuteContext,
    ) -> Result<(), RunError> {
        let changes = committed.changes(before);
        if execution.ledger().head()? != self.commit {
            return Err(RunError::HeadMoved);
        }
        execution.write(&changes)?;
        self.commit = Some(execution.ledger().commit_past_hooks(&paths(&changes), message)?);
        if self.harness != *before {
            self.harness = before.clone();
            self.evaluation = None;
        }
        execution.finish_write()
    }
}

fn paths(changes: &[FileChange]) -> Vec<String> {
    changes.iter().map(|change| change.path.clone()).collect()
}

/// Whether the baseline scored exactly the tasks that the gate uses now.
fn same_tasks(input: &ExecuteInput) -> bool {
    let scored = &input.gate.baseline.evaluation.tasks;
    scored.len() == input.gate.tasks.len()
        && scored
            .iter()
            .zip(input.gate.tasks)
            .all(|(score, task)| score.task_id == task.task_id)
}

/// Scores a harness on the session's gate tasks.
pub(super) fn score(
    harness: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<Evaluation, RunError> {
    let tasks: Vec<_> = input.gate.tasks.iter().collect();
    Ok(evaluate(&execution.evaluator, harness, &tasks)?)
}

impl SessionHead {
    /// The stake of a trial: that of an earlier record of the same trial, else the slot that this session has already
    /// assigned to it, else a new slot.
    pub(super) fn stake(
        &mut self,
        (edit, mode): (&Edit, Mode),
        trial: &Trial,
        earlier: Option<&(String, GateRecord)>,
        input: &ExecuteInput,
        execution: &ExecuteContext,
    ) -> Result<AlphaGrant, RunError> {
        let begun = earlier.and_then(|(session, record)| Some((session, record.stake.clone()?)));
        if let Some((session, stake)) = begun {
            let paid_there = (session != input.session).then(|| session.clone());
            return Ok(AlphaGrant {
                session: stake.session.clone().or(paid_there),
                ..stake
            });
        }
        let comparison = trial.comparison();
        let slot = match self.budget.of(&edit.digest(), &comparison) {
            Some(slot) => slot.clone(),
            None => self.take_slot((edit, mode), comparison, input, execution)?,
        };
        Ok(AlphaGrant {
            alpha: slot.alpha,
            budget: self.budget.mode,
            slot: slot.slot,
            carried: slot.carried,
            session: None,
        })
    }

    fn take_slot(
        &mut self,
        (edit, mode): (&Edit, Mode),
        comparison: Digest,
        input: &ExecuteInput,
        execution: &ExecuteContext,
    ) -> Result<Slot, RunError> {
        let open = open(input, &self.budget.slots, &self.dropped);
        let last = self.budget.slots.last().map(|slot| slot.edit_digest);
        let carried = match mode {
            Mode::Sample => self.budget.handed_on(last.is_some_and(|last| self.won.contains(&last))),
            _ => 0.0,
        };
        if self.budget.slots.is_empty() {
            self.budget.planned = open;
        }
        let slot = Slot {
            slot: self.budget.slots.len() + 1,
            edit_id: edit.id.clone(),
            edit_digest: edit.digest(),
            comparison,
            alpha: carried + self.budget.next(open, self.accepted),
            carried,
        };
        self.budget.slots.push(slot.clone());
        execution.budget(&self.budget)?;
        Ok(slot)
    }
}

/// Number of edits of the plan that may still go to the gate for the first time, including the present one.
fn open(input: &ExecuteInput, slots: &[Slot], dropped: &BTreeSet<Digest>) -> usize {
    let taken: BTreeSet<Digest> = slots.iter().map(|slot| slot.edit_digest).collect();
    let settled = |digest: &Digest| {
        let status = input.reconcile.outcomes.get(digest).map(|outcome| outcome.status);
        status.is_some_and(|status| !matches!(status, OutcomeStatus::PendingReview | OutcomeStatus::Skipped))
    };
    let may_come = |edit: &&Edit| {
        let digest = edit.digest();
        let refused = matches!(
            (input.reconcile.route)(edit),
            EditRoute::Skip(_) | EditRoute::RejectByUser | EditRoute::GateSkipped | EditRoute::Keep
        );
        !taken.contains(&digest) && !dropped.contains(&digest) && !refused && !settled(&digest)
    };
    unique(&input.reconcile.plan.edits).filter(may_come).count().max(1)
}
