//! Runs a benchmark with a harness: looks attempts up in the memo, makes the others in parallel, and scores them, in
//! the order of the runs.

mod ask;
mod gauge;
mod streak;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::ask::{AnsweredQuestions, KeyedRun};
pub use self::gauge::AttemptGauge;
pub(crate) use self::streak::most_frequent;
use crate::artifact::evaluation::{Attempt, Evaluation, ScoredAttempt, TaskScore};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::memo::Memo;
use crate::eval::student::{Draw, PreparedStudent, Student};
use crate::harness::Harness;

/// The student, the scorer and the settings of an evaluation.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// The agent under improvement.
    pub student: &'a dyn Student,
    /// The remembered attempts.
    pub memo: &'a dyn Memo,
    /// Scores an answer from 0 to 1. An error is an infrastructure failure.
    pub score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
    /// The seed of the student's random choices.
    pub seed: u64,
    /// The epoch, which is part of the memo's key for answers that vary. After a drift, a new epoch makes the memo
    /// ignore earlier answers.
    pub epoch: u32,
    /// The number of attempts at the same time, at least 1.
    pub concurrency: usize,
    /// Called with the number of finished attempts and of all attempts.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Counts the attempts in flight, for people who watch.
    pub gauge: &'a AttemptGauge,
    /// Returns the reason to make no further attempts, such as a budget that is used up.
    pub halted: &'a (dyn Fn() -> Option<String> + Sync),
}

/// One run of a task. If the student can vary, runs with different numbers have different draws.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskRun<'t> {
    pub task: &'t Task,
    /// The number of the run, from 0.
    pub number: u32,
}

#[cfg(test)]
impl<'t> TaskRun<'t> {
    /// Runs of one task.
    pub(crate) fn each(task: &'t Task, numbers: &[u32]) -> Vec<Self> {
        numbers.iter().map(|&number| Self { task, number }).collect()
    }
}

/// An evaluation that was stopped midway. The memo keeps the attempts made so far, so that the next evaluation resumes
/// there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvaluationHalted(pub String);

/// Makes all runs, and returns them in the order given. Remembered attempts are not repeated, and equal questions are
/// asked once.
pub(crate) fn attempt_runs<'t>(
    evaluator: &Evaluator,
    harness: &Harness,
    runs: &[TaskRun<'t>],
) -> Vec<ScoredAttempt<'t>> {
    answered(evaluator, evaluator.student.prepare(harness).as_ref(), runs).attempts
}

fn answered<'t>(evaluator: &Evaluator, prepared: &dyn PreparedStudent, runs: &[TaskRun<'t>]) -> AnsweredQuestions<'t> {
    let questions = ask::questions(evaluator, prepared, runs);
    let (distinct, places) = distinct(questions);
    let answers = ask::ask(evaluator, prepared, &distinct);
    let told = |(run, place): (&TaskRun<'t>, AnswerIndex)| ScoredAttempt {
        task: run.task,
        fresh: answers.attempts[place.at].fresh && place.is_first,
        ..answers.attempts[place.at].clone()
    };
    AnsweredQuestions {
        attempts: runs.iter().zip(places).map(told).collect(),
        stopped: answers.stopped,
    }
}

/// The index of the answer to a run, and whether this is the first run with that answer.
struct AnswerIndex {
    at: usize,
    is_first: bool,
}

/// The distinct questions, and for each question its index among them.
fn distinct(questions: Vec<KeyedRun>) -> (Vec<KeyedRun>, Vec<AnswerIndex>) {
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

/// Makes run 0 of every task.
pub(crate) fn attempt_all<'t>(evaluator: &Evaluator, harness: &Harness, tasks: &[&'t Task]) -> Vec<ScoredAttempt<'t>> {
    attempt_runs(evaluator, harness, &numbered(tasks, 0))
}

/// Scores a harness on run 0 of every task.
///
/// # Errors
/// It was halted midway; partial scores are not returned.
pub fn evaluate(evaluator: &Evaluator, harness: &Harness, tasks: &[&Task]) -> Result<Evaluation, EvaluationHalted> {
    evaluate_run(evaluator, harness, tasks, 0)
}

/// Scores a harness on one run of every task.
///
/// # Errors
/// It was halted midway, or the agent could not be asked; partial scores are not returned.
pub fn evaluate_run(
    evaluator: &Evaluator,
    harness: &Harness,
    tasks: &[&Task],
    number: u32,
) -> Result<Evaluation, EvaluationHalted> {
    let prepared = evaluator.student.prepare(harness);
    let AnsweredQuestions { attempts, stopped } = answered(evaluator, prepared.as_ref(), &numbered(tasks, number));
    if let Some(reason) = (evaluator.halted)().or(stopped) {
        return Err(EvaluationHalted(reason));
    }
    Ok(Evaluation::of(attempts.into_iter().map(TaskScore::from).collect()))
}

/// The words of a server that refuses a task of `after`, but accepts the same task of `before`: what changed between
/// them is the reason.
///
/// # Errors
/// The server now refuses a request of `before` that it had accepted.
pub(crate) fn refusal(
    evaluator: &Evaluator,
    before: &Harness,
    after: &Harness,
    tasks: &[&Task],
) -> Result<Option<String>, EvaluationHalted> {
    let (before, after) = (Arm::new(evaluator, before), Arm::new(evaluator, after));
    let runs = numbered(tasks, 0);
    for (run, attempted) in runs.iter().zip(after.runs(&runs)) {
        if let Attempt::Refused { .. } = attempted.attempt
            && let Some(words) = after.refusal_beside(&before, run)?
        {
            return Ok(Some(words));
        }
    }
    Ok(None)
}

/// Scores a harness on run 0 of every task without making an attempt; `None` if an answer is not remembered.
pub(crate) fn evaluate_remembered(evaluator: &Evaluator, harness: &Harness, tasks: &[&Task]) -> Option<Evaluation> {
    match missing(evaluator, harness, tasks, 0) {
        0 => evaluate(evaluator, harness, tasks).ok(),
        _ => None,
    }
}

/// The number of attempts that one run of every task would make, because they are not remembered.
pub(crate) fn missing(evaluator: &Evaluator, harness: &Harness, tasks: &[&Task], number: u32) -> usize {
    missing_of(evaluator, evaluator.student.prepare(harness).as_ref(), tasks, number)
}

fn missing_of(evaluator: &Evaluator, prepared: &dyn PreparedStudent, tasks: &[&Task], number: u32) -> usize {
    let questions = ask::questions(evaluator, prepared, &numbered(tasks, number));
    let keys: BTreeSet<_> = questions.iter().map(|question| question.key).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    evaluator.memo.get(&keys).iter().filter(|known| known.is_none()).count()
}

/// For each task, whether the change of the harness can affect its answer. On the other tasks, both harnesses give the
/// same answer, so they tie at no cost.
pub(crate) fn affected(evaluator: &Evaluator, before: &Harness, after: &Harness, tasks: &[&Task]) -> Vec<bool> {
    let (before, after) = (evaluator.student.prepare(before), evaluator.student.prepare(after));
    let differs = |task: &&Task| before.footprint(task) != after.footprint(task);
    tasks.iter().map(differs).collect()
}

/// Whether the answer to any of the tasks could differ if it were repeated.
pub(crate) fn varies(evaluator: &Evaluator, harness: &Harness, tasks: &[Task]) -> bool {
    let prepared = evaluator.student.prepare(harness);
    tasks.iter().any(|task| prepared.varies(task))
}

/// The tasks whose run 0 is remembered, and whose answer could differ if it were repeated.
pub(crate) fn remembered<'t>(evaluator: &Evaluator, harness: &Harness, tasks: &[&'t Task]) -> Vec<&'t Task> {
    let prepared = evaluator.student.prepare(harness);
    let varying: Vec<&Task> = tasks.iter().copied().filter(|task| prepared.varies(task)).collect();
    let questions = ask::questions(evaluator, prepared.as_ref(), &numbered(&varying, 0));
    let keys: Vec<_> = questions.iter().map(|question| question.key).collect();
    let known = evaluator.memo.get(&keys);
    let is_known = varying.into_iter().zip(known).filter(|(_, known)| known.is_some());
    is_known.map(|(task, _)| task).collect()
}

fn numbered<'t>(tasks: &[&'t Task], number: u32) -> Vec<TaskRun<'t>> {
    tasks.iter().map(|task| TaskRun { task, number }).collect()
}

/// A harness that is read once for many runs.
pub(crate) struct Arm<'a> {
    evaluator: &'a Evaluator<'a>,
    prepared: Box<dyn PreparedStudent>,
}

impl<'a> Arm<'a> {
    /// Reads a harness.
    pub(crate) fn new(evaluator: &'a Evaluator<'a>, harness: &Harness) -> Self {
        Self {
            evaluator,
            prepared: evaluator.student.prepare(harness),
        }
    }

    /// The digest of everything in the harness that can change the answer to this task.
    pub(crate) fn footprint(&self, task: &Task) -> Digest {
        self.prepared.footprint(task)
    }

    /// Whether the answer to a task could differ if it were repeated.
    pub(crate) fn varies(&self, task: &Task) -> bool {
        self.prepared.varies(task)
    }

    /// The number of new attempts that one run of each of these tasks would make at most.
    pub(crate) fn missing(&self, tasks: &[&Task], number: u32) -> usize {
        if !self.evaluator.student.is_expensive() {
            return tasks.len();
        }
        missing_of(self.evaluator, self.prepared.as_ref(), tasks, number)
    }

    /// Makes all runs, in the order given; see [`attempt_runs`].
    pub(crate) fn runs<'t>(&self, runs: &[TaskRun<'t>]) -> Vec<ScoredAttempt<'t>> {
        answered(self.evaluator, self.prepared.as_ref(), runs).attempts
    }

    /// The words of a server that refuses a run of this arm, although it still accepts the same run of the arm `before`:
    /// what changed between them is the reason. `None` if it never accepted that run, or now accepts this one.
    ///
    /// # Errors
    /// It now refuses the run of `before` that it had accepted, so the reason is not what changed but, for example, that
    /// its model is gone.
    pub(crate) fn refusal_beside(&self, before: &Arm, run: &TaskRun) -> Result<Option<String>, EvaluationHalted> {
        let earlier = before.runs(&[*run]);
        if let Some(reason) = (self.evaluator.halted)() {
            return Err(EvaluationHalted(reason));
        }
        if earlier.iter().any(|attempted| attempted.attempt.unscored().is_some()) {
            return Ok(None);
        }
        if let Some(reason) = before.asked_now(run).unscored() {
            return Err(EvaluationHalted(reason.to_owned()));
        }
        Ok(match self.asked_now(run) {
            Attempt::Refused { reason } => Some(reason),
            _ => None,
        })
    }

    /// Makes a run now, whatever is remembered about it.
    fn asked_now(&self, run: &TaskRun) -> Attempt {
        let questions = ask::questions(self.evaluator, self.prepared.as_ref(), &[*run]);
        let seed = questions.first().map_or(0, |question| question.draw.seed);
        self.prepared.attempt(run.task, Draw::live(seed))
    }
}
