//! The effects of `execute`: writes harness files, outcomes and review questions, each atomically.

use crate::artifact::Artifact;
use crate::artifact::edit::Edit;
use crate::artifact::error_budget::{self, ErrorBudget};
use crate::artifact::gate::verdict::GateDecision;
use crate::artifact::holdout_use::{self, EditLine, HoldoutUse};
use crate::artifact::outcome::Outcome;
use crate::artifact::pause::Pause;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::screening::{self, Screening};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::{FileChange, Harness};
use crate::pipeline::execute::ExecuteContext;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::questions::QuestionElsewhere;
use crate::workspace::session::{OUTCOMES, PENDING};
use crate::workspace::{holdout_log, pause, questions, transaction};

/// Each effect is atomic, and a crash may happen before any of them.
impl ExecuteContext<'_> {
    /// Refuses to change files that their owner has protected. Replacing such a file would succeed, because it only
    /// needs write access to the folder.
    pub(super) fn may_write(&self, changes: &[FileChange]) -> Result<(), RunError> {
        let root = &self.context.workspace.root;
        for change in changes {
            if root.is_read_only(&change.path)? {
                return Err(RunError::ReadOnly(change.path.clone()));
            }
        }
        Ok(())
    }

    /// Writes changed harness files, after announcing them in an intent file.
    pub(super) fn write(&self, changes: &[FileChange]) -> Result<(), RunError> {
        self.may_write(changes)?;
        transaction::announce(self.context.workspace, &self.context.session.id, changes)?;
        changes.iter().try_for_each(|change| self.write_one(change))
    }

    /// Restores files after a hook refused their commit. What a hook made of a file goes to the attic.
    pub(super) fn take_back(&self, changes: &[FileChange]) -> Result<(), RunError> {
        for change in changes {
            self.replace(&change.path, change.after.as_deref(), change.before.as_deref())?;
        }
        Ok(())
    }

    /// Gives the changed files the bytes that were committed: a hook may have changed a file without staging it.
    pub(super) fn take_from_commit(&self, changes: &[FileChange], committed: &Harness) -> Result<(), RunError> {
        for change in changes {
            self.replace(&change.path, change.after.as_deref(), committed.get(&change.path))?;
        }
        Ok(())
    }

    /// Replaces a file; unless it has the bytes that kaizen wrote, they go to the attic first.
    fn replace(&self, path: &str, written: Option<&[u8]>, wanted: Option<&[u8]>) -> Result<(), RunError> {
        let root = &self.context.workspace.root;
        let present = root.read(path)?;
        if present.as_deref() == wanted {
            return Ok(());
        }
        if let Some(bytes) = present.as_deref().filter(|bytes| Some(*bytes) != written) {
            let copy = self.context.session.keep_bytes(bytes)?;
            let text = format!("a hook changed {path}; its version is kept in {copy}");
            (self.context.listener)(Event::Note { text });
        }
        match wanted {
            Some(bytes) => Ok(root.publish(path, bytes)?),
            None => Ok(root.remove_with_folders(path)?),
        }
    }

    /// Removes the intent file once the commit exists.
    pub(super) fn finish_write(&self) -> Result<(), RunError> {
        transaction::end(self.context.workspace)
    }

    /// Ends the run between two edits if somebody asked for it.
    pub(super) fn pause(&self) -> Result<(), RunError> {
        match pause::asked(self.context.workspace)? {
            Some(Pause::Stop) => Err(RunError::StopAsked),
            Some(Pause::Hold) => Err(RunError::HoldAsked),
            None => Ok(()),
        }
    }

    /// Publishes an outcome.
    pub(super) fn outcome(&self, outcome: &Outcome) -> Result<(), RunError> {
        Ok(self
            .context
            .session
            .publish(&format!("{OUTCOMES}{}.json", outcome.edit_digest), &outcome.to_text())?)
    }

    /// Publishes a review question.
    pub(super) fn ask(&self, pending: &PendingReview) -> Result<(), RunError> {
        Ok(self
            .context
            .session
            .publish(&format!("{PENDING}{}.json", pending.edit_digest), &pending.to_text())?)
    }

    /// The questions of other sessions about the same edit.
    pub(super) fn questions(&self, edit: &Edit) -> Result<Vec<QuestionElsewhere>, RunError> {
        questions::elsewhere(self.context.workspace, self.context.session, &edit.digest())
    }

    /// Publishes the error budget.
    pub(super) fn budget(&self, budget: &ErrorBudget) -> Result<(), RunError> {
        Ok(self.context.session.publish(error_budget::FILE, &budget.to_text())?)
    }

    /// The results of the session's screening so far.
    pub(super) fn screening(&self) -> Result<Screening, RunError> {
        Ok(self
            .context
            .session
            .read::<Screening>(screening::FILE)?
            .unwrap_or_default())
    }

    /// Publishes the results of the screening.
    pub(super) fn publish_screening(&self, screening: &Screening) -> Result<(), RunError> {
        Ok(self.context.session.publish(screening::FILE, &screening.to_text())?)
    }

    /// Records a consultation of the gate tasks.
    pub(super) fn consulted(&self, tasks: &[Task], edit: &Edit, outcome: &Outcome) -> Result<(), RunError> {
        let record = outcome.gate.as_ref();
        let line = EditLine {
            at: self.context.workspace.clock.stamp(),
            session_id: self.context.session.id.clone(),
            edit_id: edit.id.clone(),
            edit_digest: edit.digest(),
            tasks: holdout_use::tasks(tasks),
            pairs: outcome.pairs(),
            decision: outcome
                .decision()
                .map(GateDecision::name)
                .unwrap_or_default()
                .to_owned(),
            reason: record.map_or("means", |record| record.reason.name()).to_owned(),
            alpha: record.and_then(|record| Some(record.stake.as_ref()?.alpha)),
            extra: Default::default(),
        };
        // A decision without pairs reveals nothing about the gate tasks.
        if line.pairs > 0 {
            holdout_log::record(self.context.workspace, &HoldoutUse::Edit(line))?;
        }
        Ok(())
    }

    /// Moves the outcome and the question of an edit that left the plan to the attic.
    pub(super) fn withdraw(&self, edit: &Digest) -> Result<(), RunError> {
        // The question is moved first: after a crash, the outcome that still exists makes the next run repeat this.
        for folder in [PENDING, OUTCOMES] {
            self.context.session.withdraw(&format!("{folder}{edit}.json"))?;
        }
        Ok(())
    }

    /// Reports the outcome of an edit.
    pub(super) fn report(&self, number: usize, of: usize, edit: &Edit, outcome: &Outcome) {
        (self.context.listener)(Event::EditSettled {
            session: self.context.session.id.clone(),
            number,
            of,
            edit: edit.id.clone(),
            op: edit.op,
            target: edit.place(),
            status: outcome.status,
            delta: outcome.benchmark_delta,
            interval: outcome.interval(),
            reason: outcome.error.clone(),
            commit: outcome.commit.clone(),
        });
    }

    /// The current time, RFC 3339.
    pub(super) fn now(&self) -> String {
        self.context.workspace.clock.stamp()
    }

    /// Writes one file, unless somebody changed it since it was read.
    fn write_one(&self, change: &FileChange) -> Result<(), RunError> {
        let root = &self.context.workspace.root;
        let written = match &change.after {
            Some(bytes) => root.publish_over(&change.path, bytes, change.before.as_deref())?,
            None if root.read(&change.path)? == change.before => {
                root.remove_with_folders(&change.path)?;
                true
            }
            None => false,
        };
        match written {
            true => Ok(()),
            false => Err(RunError::ChangedMeanwhile(change.path.clone())),
        }
    }
}
