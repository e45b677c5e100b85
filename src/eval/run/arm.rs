//! One arm of a comparison: a harness that was read once, for many runs.

use super::{Evaluator, Run, answered};
use crate::artifact::evaluation::Attempted;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::Prepared;
use crate::harness::Harness;

/// A harness that was read once, for many runs.
pub(crate) struct Arm<'a> {
    evaluator: &'a Evaluator<'a>,
    prepared: Box<dyn Prepared>,
}

impl<'a> Arm<'a> {
    /// Reads a harness.
    pub(crate) fn new(evaluator: &'a Evaluator<'a>, harness: &Harness) -> Self {
        Self {
            evaluator,
            prepared: evaluator.student.prepare(harness),
        }
    }

    /// The digest of everything in the harness that the answer to this task can depend on.
    pub(crate) fn footprint(&self, task: &Task) -> Digest {
        self.prepared.footprint(task)
    }

    /// Whether the answer to a task may be another when it is asked for anew.
    pub(crate) fn varies(&self, task: &Task) -> bool {
        self.prepared.varies(task)
    }

    /// Makes every run, in the order given; see [`super::attempt_runs`].
    pub(crate) fn runs<'t>(&self, runs: &[Run<'t>]) -> Vec<Attempted<'t>> {
        answered(self.evaluator, self.prepared.as_ref(), runs)
    }
}
