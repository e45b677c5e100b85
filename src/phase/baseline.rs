//! Baseline: scores the harness before any edit, and pins what later phases rely on.

use crate::artifact::baseline::Baseline;
use crate::artifact::task::{Scorer, Task};
use crate::digest::Digest;
use crate::evaluate::{Evaluator, evaluate};
use crate::harness::Harness;
use crate::port::CommitId;

/// Scores the harness at a commit on the session's gate tasks.
///
/// # Errors
/// The student cannot work with this harness: a message that names the file.
pub fn baseline(
    evaluator: &Evaluator,
    commit: CommitId,
    harness: &Harness,
    benchmark: Digest,
    gate: &[Task],
    judge: Option<serde_json::Value>,
) -> Result<Baseline, String> {
    let tasks: Vec<&Task> = gate.iter().collect();
    evaluator.student.check(harness, &tasks)?;
    Ok(Baseline {
        version: 1,
        harness_commit: commit,
        harness: harness.digest(),
        benchmark,
        student: evaluator.student.identity(),
        judge: judge.filter(|_| gate.iter().any(|task| task.scorer == Scorer::Judge)),
        seed: evaluator.seed,
        evaluation: evaluate(evaluator, harness, &tasks).map_err(|halted| halted.to_string())?,
        extra: Default::default(),
    })
}
