//! The world of `execute`: harness files, outcomes and questions, each written atomically.

use crate::artifact::Artifact;
use crate::artifact::consultation::{Consultation, EditLine, tasks};
use crate::artifact::edit::Edit;
use crate::artifact::error_budget::{self, ErrorBudget};
use crate::artifact::gate::verdict::Decision;
use crate::artifact::intent::{IntendedFile, Intent};
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::FileChange;
use crate::pipeline::execute::World;
use crate::workspace::error::ExecuteError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::recover::INTENT;
use crate::workspace::session::{OUTCOMES, PENDING, Session};
use crate::workspace::{Workspace, holdout_log};

/// The real one.
pub(crate) struct DiskWorld<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The session.
    pub session: &'a Session,
    /// The gate tasks of the session.
    pub gate: &'a [Task],
    /// Where events go.
    pub listener: Listener<'a>,
}

fn failed(error: impl std::fmt::Display) -> ExecuteError {
    ExecuteError::Disk(error.to_string())
}

impl World for DiskWorld<'_> {
    fn write(&self, changes: &[FileChange]) -> Result<(), ExecuteError> {
        let digest = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(Digest::of_bytes);
        let file = |change: &FileChange| IntendedFile {
            path: change.path.clone(),
            before: digest(&change.before),
            after: digest(&change.after),
        };
        let intent = Intent {
            version: 1,
            session_id: self.session.id.clone(),
            files: changes.iter().map(file).collect(),
            extra: Default::default(),
        };
        self.workspace
            .root
            .publish(self.workspace.own(INTENT), intent.to_text().as_bytes())
            .map_err(failed)?;
        changes.iter().try_for_each(|change| self.write_one(change))
    }

    fn written(&self) -> Result<(), ExecuteError> {
        self.workspace.root.remove(self.workspace.own(INTENT)).map_err(failed)
    }

    fn outcome(&self, outcome: &Outcome) -> Result<(), ExecuteError> {
        self.session
            .publish(&format!("{OUTCOMES}{}.json", outcome.edit_digest), &outcome.to_text())
            .map_err(failed)
    }

    fn ask(&self, pending: &PendingReview) -> Result<(), ExecuteError> {
        self.session
            .publish(&format!("{PENDING}{}.json", pending.edit_digest), &pending.to_text())
            .map_err(failed)
    }

    fn budget(&self, budget: &ErrorBudget) -> Result<(), ExecuteError> {
        self.session
            .publish(error_budget::FILE, &budget.to_text())
            .map_err(failed)
    }

    fn consulted(&self, edit: &Edit, outcome: &Outcome) -> Result<(), ExecuteError> {
        let record = outcome.gate.as_ref();
        let line = EditLine {
            at: self.workspace.clock.stamp(),
            session_id: self.session.id.clone(),
            edit_id: edit.id.clone(),
            edit_digest: edit.digest(),
            tasks: tasks(self.gate),
            pairs: outcome.pairs(),
            decision: outcome.decision().map(Decision::name).unwrap_or_default().to_owned(),
            reason: record.map_or("means", |record| record.reason.name()).to_owned(),
            alpha: record.and_then(|record| Some(record.stake.as_ref()?.alpha)),
            extra: Default::default(),
        };
        // What was asked for nothing told nothing.
        if line.pairs > 0 {
            holdout_log::record(self.workspace, &Consultation::Edit(line)).map_err(failed)?;
        }
        Ok(())
    }

    fn withdraw(&self, edit: &Digest) -> Result<(), ExecuteError> {
        // The question goes first: the outcome is what makes a rerun come back here.
        for folder in [PENDING, OUTCOMES] {
            self.session.withdraw(&format!("{folder}{edit}.json")).map_err(failed)?;
        }
        Ok(())
    }

    fn told(&self, number: usize, of: usize, edit: &Edit, outcome: &Outcome) {
        (self.listener)(Event::EditSettled {
            session: self.session.id.clone(),
            number,
            of,
            edit: edit.id.clone(),
            op: edit.op,
            target: edit.target.clone(),
            status: outcome.status,
            delta: outcome.benchmark_delta,
            interval: outcome.interval(),
            reason: outcome.error.clone(),
            commit: outcome.commit.clone(),
        });
    }

    fn now(&self) -> String {
        self.workspace.clock.stamp()
    }
}

impl DiskWorld<'_> {
    /// Writes one file, unless somebody changed it since it was read.
    fn write_one(&self, change: &FileChange) -> Result<(), ExecuteError> {
        let root = &self.workspace.root;
        let written = match &change.after {
            Some(bytes) => root
                .publish_over(&change.path, bytes, change.before.as_deref())
                .map_err(failed)?,
            None if root.read(&change.path).map_err(failed)? == change.before => {
                root.remove(&change.path).map(|()| true).map_err(failed)?
            }
            None => false,
        };
        let problem = format!("{} was changed while the gate was at work; run again", change.path);
        written.then_some(()).ok_or(ExecuteError::Disk(problem))
    }
}
