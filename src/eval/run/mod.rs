//! Evaluate: a benchmark under a harness. Fans out over threads, asks the memo first, scores, and keeps the order of what was asked.

mod arm;
mod ask;
mod parallel;
mod question;
mod scores;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use self::arm::Arm;
use self::question::Question;
use crate::artifact::evaluation::{Attempted, Evaluation, TaskScore};
use crate::artifact::task::Task;
use crate::eval::memo::Memo;
use crate::eval::student::{Prepared, Student};
use crate::harness::Harness;

/// How attempts are made.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// The agent under improvement.
    pub student: &'a dyn Student,
    /// What was asked before.
    pub memo: &'a dyn Memo,
    /// Scores an answer, 0 to 1; an error is one of infrastructure.
    pub score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
    /// Seed of the student's chance.
    pub seed: u64,
    /// Answers that vary are remembered by epoch: a new one begins where the old answers no longer hold.
    pub epoch: u32,
    /// Attempts at once, at least 1.
    pub concurrency: usize,
    /// Called with the number of attempts that are there so far and of all.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Why no further attempt should be made, such as a budget that is spent.
    pub halted: &'a (dyn Fn() -> Option<String> + Sync),
}

/// One run of a task. Runs of different numbers draw differently, where the student can vary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'t> {
    /// The task.
    pub task: &'t Task,
    /// Which run of it, from 0.
    pub number: u32,
}

/// An evaluation that was stopped half way. What was attempted is remembered, so that another goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Halted(pub String);

/// Makes every run, in the order given; what was made before is not made again, and neither is what is asked for twice.
pub(crate) fn attempt_runs<'t>(evaluator: &Evaluator, harness: &Harness, runs: &[Run<'t>]) -> Vec<Attempted<'t>> {
    answered(evaluator, evaluator.student.prepare(harness).as_ref(), runs)
}

fn answered<'t>(evaluator: &Evaluator, prepared: &dyn Prepared, runs: &[Run<'t>]) -> Vec<Attempted<'t>> {
    let questions = question::questions(evaluator, prepared, runs);
    let (distinct, places) = distinct(questions);
    let answers = ask::ask(evaluator, prepared, &distinct);
    let told = |(run, place): (&Run<'t>, AnswerIndex)| Attempted {
        task: run.task,
        fresh: answers[place.at].fresh && place.is_first,
        ..answers[place.at].clone()
    };
    runs.iter().zip(places).map(told).collect()
}

/// Where the answer to a run stands, and whether it is the first run that it answers.
struct AnswerIndex {
    at: usize,
    is_first: bool,
}

/// Every question once, and the place of each among them.
fn distinct(questions: Vec<Question>) -> (Vec<Question>, Vec<AnswerIndex>) {
    let mut known = BTreeMap::new();
    let mut distinct = Vec::new();
    let places = questions.into_iter().map(|question| {
        let at = *known.entry(question.key).or_insert(distinct.len());
        let is_first = at == distinct.len();
        if is_first {
            distinct.push(question);
        }
        AnswerIndex { at, is_first }
    });
    let places = places.collect();
    (distinct, places)
}

/// Run 0 of every task.
pub(crate) fn attempt_all<'t>(evaluator: &Evaluator, harness: &Harness, tasks: &[&'t Task]) -> Vec<Attempted<'t>> {
    attempt_runs(evaluator, harness, &numbered(tasks, 0))
}

/// The benchmark's word on a harness, by run 0 of every task.
///
/// # Errors
/// Something halted it half way: half an evaluation is none.
pub fn evaluate(evaluator: &Evaluator, harness: &Harness, tasks: &[&Task]) -> Result<Evaluation, Halted> {
    evaluate_run(evaluator, harness, tasks, 0)
}

/// The benchmark's word on a harness, by one run of every task.
///
/// # Errors
/// Something halted it half way: half an evaluation is none.
pub fn evaluate_run(
    evaluator: &Evaluator,
    harness: &Harness,
    tasks: &[&Task],
    number: u32,
) -> Result<Evaluation, Halted> {
    let attempts = attempt_runs(evaluator, harness, &numbered(tasks, number));
    if let Some(reason) = (evaluator.halted)() {
        return Err(Halted(reason));
    }
    let score = |attempted: Attempted| TaskScore {
        task_id: attempted.task.task_id.clone(),
        category: attempted.task.category.clone(),
        score: attempted.score,
    };
    Ok(Evaluation::of(attempts.into_iter().map(score).collect()))
}

/// Which tasks an edit reaches. The others are asked the very same under both harnesses: exact ties, which cost nothing.
pub(crate) fn affected(evaluator: &Evaluator, before: &Harness, after: &Harness, tasks: &[&Task]) -> Vec<bool> {
    let (before, after) = (evaluator.student.prepare(before), evaluator.student.prepare(after));
    let differs = |task: &&Task| before.footprint(task) != after.footprint(task);
    tasks.iter().map(differs).collect()
}

/// The tasks whose run 0 is remembered, and whose answer may be another when it is asked for anew.
pub(crate) fn remembered<'t>(evaluator: &Evaluator, harness: &Harness, tasks: &[&'t Task]) -> Vec<&'t Task> {
    let prepared = evaluator.student.prepare(harness);
    let varying: Vec<&Task> = tasks.iter().copied().filter(|task| prepared.varies(task)).collect();
    let questions = question::questions(evaluator, prepared.as_ref(), &numbered(&varying, 0));
    let keys: Vec<_> = questions.iter().map(|question| question.key).collect();
    let known = evaluator.memo.get(&keys);
    let is_known = varying.into_iter().zip(known).filter(|(_, known)| known.is_some());
    is_known.map(|(task, _)| task).collect()
}

fn numbered<'t>(tasks: &[&'t Task], number: u32) -> Vec<Run<'t>> {
    tasks.iter().map(|task| Run { task, number }).collect()
}
