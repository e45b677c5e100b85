//! Compares a harness with itself: what differs is noise, and what a check would say of it is a false alarm.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChangeSoFar, Check, CheckMargins, CheckVerdict};
use crate::artifact::task::Task;
use crate::eval::run::{Arm, EvaluationHalted, Evaluator, TaskRun};
use crate::gate::audit::run::FIRST_RUN;
use crate::gate::trial::sizes;
use crate::harness::Harness;

/// The noise of a harness.
#[derive(Debug)]
pub(crate) struct NoiseRun {
    /// What a check would say.
    pub verdict: CheckVerdict,
    /// The change from the first run to the second.
    pub whole: ChangeSoFar,
    /// The number of tasks.
    pub tasks: usize,
    /// The ids of the tasks whose two scores differ.
    pub flaky: Vec<String>,
    /// How many of them are in each category.
    pub flaky_by_category: BTreeMap<String, usize>,
    /// Tasks that a run left without a score.
    pub lost: usize,
    /// New attempts, which were not cached.
    pub attempts: usize,
}

/// Runs each task twice. A student that always gives the same answer is not run.
///
/// # Errors
/// The runs were halted; completed attempts are cached.
pub(crate) fn noise(
    evaluator: &Evaluator,
    harness: &Harness,
    tasks: &[Task],
    margins: CheckMargins,
) -> Result<NoiseRun, EvaluationHalted> {
    let arm = Arm::new(evaluator, harness);
    let (varying, steady): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|task| arm.varies(task));
    let mut check = Check::new(&sizes(tasks), !varying.is_empty(), margins);
    steady.iter().for_each(|task| check.feed(&task.category, Some(0.0)));
    let mut attempts = 0;
    let mut run = |number: u32| -> Result<Vec<Option<f64>>, EvaluationHalted> {
        let runs: Vec<TaskRun> = varying.iter().map(|task| TaskRun { task, number }).collect();
        let ran = arm.runs(&runs);
        attempts += ran.iter().filter(|attempted| attempted.fresh).count();
        match (evaluator.halted)() {
            Some(reason) => Err(EvaluationHalted(reason)),
            None => Ok(ran.into_iter().map(|attempted| attempted.score).collect()),
        }
    };
    let (first, second) = (run(FIRST_RUN)?, run(FIRST_RUN + 1)?);
    let mut flaky: BTreeSet<&str> = BTreeSet::new();
    let mut flaky_by_category: BTreeMap<String, usize> = BTreeMap::new();
    let mut lost = 0;
    for ((task, before), after) in varying.iter().zip(first).zip(second) {
        let difference = after.zip(before).map(|(after, before)| after - before);
        check.feed(&task.category, difference);
        lost += usize::from(difference.is_none());
        if difference.is_some_and(|difference| difference != 0.0) {
            flaky.insert(&task.task_id);
            *flaky_by_category.entry(task.category.clone()).or_default() += 1;
        }
    }
    Ok(NoiseRun {
        verdict: check.verdict().unwrap_or(CheckVerdict::CannotTell),
        whole: check.whole(),
        tasks: tasks.len(),
        flaky: flaky.into_iter().map(str::to_owned).collect(),
        flaky_by_category,
        lost,
        attempts,
    })
}
