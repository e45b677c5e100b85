//! Drift: a few remembered tasks are asked once more, since a student may change where its identity does not show it.

use crate::artifact::baseline::DriftCheck;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{EvaluationHalted, Evaluator, TaskRun, attempt_all, attempt_runs, remembered};
use crate::gate::evidence::{log_e_above, log_e_below};
use crate::harness::Harness;

/// Tasks that are asked once more, at most: enough for gross breaks, and no more.
const MOST: usize = 10;
/// Evidence from which on what was remembered is not used any more.
const LINE: f64 = 20.0;

/// Compares what is remembered with what the student says now; `None` where too little is remembered to see anything.
///
/// # Errors
/// Something halted it half way.
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

/// Other tasks in each session, and the same ones when it goes on.
fn chosen<'t>(mut tasks: Vec<&'t Task>, session: &str) -> Vec<&'t Task> {
    tasks.sort_by_key(|task| Digest::of_value(&(session, &task.task_id)));
    tasks.truncate(MOST);
    tasks
}

/// A run's number that no gate comes to, and that each session has for itself.
fn number(session: &str) -> u32 {
    let drawn = Digest::of_value(&("drift", session)).seed();
    1 << 31 | (drawn >> 33) as u32
}
