//! Detects drift: repeats a few cached tasks, because a student may change although its identity stays the same.

use crate::artifact::baseline::DriftCheck;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{EvaluationHalted, Evaluator, TaskRun, attempt_all, attempt_runs, remembered};
use crate::gate::evidence::{log_e_above, log_e_below};
use crate::harness::Harness;

/// Maximum number of repeated tasks. They can only reveal large changes.
const MOST: usize = 10;
/// The evidence (e-value) at which the cached answers are no longer used.
const LINE: f64 = 20.0;

/// Compares cached answers with new ones; `None` if too few answers are cached to reveal drift.
///
/// # Errors
/// The evaluation was stopped.
pub(crate) fn drift(
    evaluator: &Evaluator,
    harness: &Harness,
    gate: &[&Task],
    session: &str,
) -> Result<Option<DriftCheck>, EvaluationHalted> {
    let tasks = chosen(remembered(evaluator, harness, gate), session);
    if log_e_above(&vec![1.0; tasks.len()], 0.0) < LINE.ln() {
        return Ok(None);
    }
    let number = number(session);
    let again: Vec<TaskRun> = tasks.iter().map(|task| TaskRun { task, number }).collect();
    let then = attempt_all(evaluator, harness, &tasks);
    let now = attempt_runs(evaluator, harness, &again);
    if let Some(reason) = (evaluator.halted)() {
        return Err(EvaluationHalted(reason));
    }
    let pairs = then.iter().zip(&now);
    let differences: Vec<f64> = pairs.filter_map(|(then, now)| Some(now.score? - then.score?)).collect();
    let (log_e_above, log_e_below) = (log_e_above(&differences, 0.0), log_e_below(&differences, 0.0));
    Ok(Some(DriftCheck {
        tasks: differences.len(),
        log_e_above,
        log_e_below,
        dropped: log_e_above.max(log_e_below) >= LINE.ln(),
    }))
}

/// Selects the tasks to repeat. The choice differs between sessions, and is the same when a session is resumed.
fn chosen<'t>(mut tasks: Vec<&'t Task>, session: &str) -> Vec<&'t Task> {
    tasks.sort_by_key(|task| Digest::of_value(&(session, &task.task_id)));
    tasks.truncate(MOST);
    tasks
}

/// The number of the repeated runs: higher than any run of a gate, and different in each session.
fn number(session: &str) -> u32 {
    let drawn = Digest::of_value(&("drift", session)).seed();
    1 << 31 | (drawn >> 33) as u32
}
