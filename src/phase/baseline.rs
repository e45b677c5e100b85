//! Baseline: scores the harness before any edit, and pins what later phases rely on.

use crate::artifact::baseline::Baseline;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::evaluate::{Evaluator, evaluate};
use crate::harness::Harness;
use crate::port::CommitId;

/// Scores the harness at a commit on the session's gate tasks.
pub fn baseline(
    evaluator: &Evaluator,
    commit: CommitId,
    harness: &Harness,
    benchmark: Digest,
    gate: &[Task],
) -> Baseline {
    let tasks: Vec<&Task> = gate.iter().collect();
    Baseline {
        version: 1,
        harness_commit: commit,
        harness: harness.digest(),
        benchmark,
        student: evaluator.student.identity(),
        seed: evaluator.seed,
        evaluation: evaluate(evaluator, harness, &tasks),
        extra: Default::default(),
    }
}
