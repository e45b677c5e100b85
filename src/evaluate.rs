//! Evaluate: a benchmark under a harness. Fans out over threads, asks the memo first, scores, and folds in the benchmark's order.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::artifact::evaluation::{Attempt, Attempted, Evaluation, TaskScore};
use crate::artifact::task::{Scorer, Task};
use crate::digest::Digest;
use crate::harness::Harness;
use crate::port::{Memo, Prepared, Student};

/// How attempts are made.
pub struct Evaluator<'a> {
    /// The agent under improvement.
    pub student: &'a dyn Student,
    /// What was asked before.
    pub memo: &'a dyn Memo,
    /// Scores an answer, 0 to 1; an error is one of infrastructure.
    pub score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
    /// Seed of the student's chance.
    pub seed: u64,
    /// Attempts at once, at least 1.
    pub concurrency: usize,
    /// Called with the number of tasks done so far and of all.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
    /// Why no further attempt should be made, such as a budget that is spent.
    pub halted: &'a (dyn Fn() -> Option<String> + Sync),
}

/// An evaluation that was stopped half way. What was attempted is remembered, so that another goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Halted(pub String);

/// Attempts every task; what was asked before is not asked again.
pub fn attempt_all<'t>(evaluator: &Evaluator, harness: &Harness, tasks: &[&'t Task]) -> Vec<Attempted<'t>> {
    let prepared = evaluator.student.prepare(harness);
    let identity = evaluator.student.identity();
    let keys: Vec<Digest> = tasks
        .iter()
        .map(|task| key(&identity, prepared.as_ref(), task, evaluator.seed))
        .collect();
    let remembered = evaluator.memo.get(&keys);
    let open: Vec<usize> = (0..tasks.len()).filter(|at| remembered[*at].is_none()).collect();
    let made = fan_out(evaluator, prepared.as_ref(), tasks, &keys, &open);
    if !evaluator.student.is_dear() {
        keep(evaluator.memo, &keys, &made);
    }
    let mut attempts = remembered;
    for (at, attempt) in made {
        attempts[at] = Some(attempt);
    }
    let scores = scores(evaluator, tasks, &attempts);
    let scored = |((task, attempt), score): ((&&'t Task, Option<Attempt>), Scored)| scored(task, attempt, score);
    tasks.iter().zip(attempts).zip(scores).map(scored).collect()
}

/// Remembers what was made; not what the world spoiled, since it may be better next time.
fn keep(memo: &dyn Memo, keys: &[Digest], made: &[(usize, Attempt)]) {
    let worth_keeping = made
        .iter()
        .filter(|(_, attempt)| !matches!(attempt, Attempt::Infra { .. }));
    memo.put(
        &worth_keeping
            .map(|(at, attempt)| (keys[*at], attempt.clone()))
            .collect::<Vec<_>>(),
    );
}

/// The benchmark's word on a harness.
///
/// # Errors
/// Something halted it half way: half an evaluation is none.
pub fn evaluate(evaluator: &Evaluator, harness: &Harness, tasks: &[&Task]) -> Result<Evaluation, Halted> {
    let attempts = attempt_all(evaluator, harness, tasks);
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

/// Everything that an answer depends on. The reference, the category and the split are not in it: the student does not see them.
fn key(identity: &serde_json::Value, prepared: &dyn Prepared, task: &Task, seed: u64) -> Digest {
    Digest::of_value(&(
        identity,
        prepared.footprint(task),
        &task.query,
        &task.agent,
        task_seed(task, seed),
    ))
}

/// Both arms of a comparison draw the same chance for the same task.
fn task_seed(task: &Task, seed: u64) -> u64 {
    Digest::of_value(&(seed, &task.task_id)).seed()
}

fn fan_out(
    evaluator: &Evaluator,
    prepared: &dyn Prepared,
    tasks: &[&Task],
    keys: &[Digest],
    open: &[usize],
) -> Vec<(usize, Attempt)> {
    let done = AtomicUsize::new(tasks.len() - open.len());
    in_parallel(open, evaluator.concurrency, |at| {
        if (evaluator.halted)().is_some() {
            return None;
        }
        let made = [(at, prepared.attempt(tasks[at], task_seed(tasks[at], evaluator.seed)))];
        if evaluator.student.is_dear() {
            keep(evaluator.memo, keys, &made);
        }
        (evaluator.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, tasks.len());
        let [(_, attempt)] = made;
        Some(attempt)
    })
}

/// Works on every index, on so many threads, until the work is none; in the order of the indices.
fn in_parallel<T: Send>(
    indices: &[usize],
    threads: usize,
    work: impl Fn(usize) -> Option<T> + Sync,
) -> Vec<(usize, T)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some(at) = indices.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
            let Some(one) = work(at) else { break };
            made.push((at, one));
        }
        made
    };
    let threads = threads.clamp(1, 64).min(indices.len().max(1));
    if threads == 1 {
        return work();
    }
    let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    made.sort_by_key(|(at, _)| *at);
    made
}

/// A score, or why there is none; `None` where there is no answer.
type Scored = Option<Result<f64, String>>;

/// Scores every answer. A judge takes seconds for each, and is asked about many at once; other scorers take none, or are
/// programs that may get in each other's way.
fn scores(evaluator: &Evaluator, tasks: &[&Task], attempts: &[Option<Attempt>]) -> Vec<Scored> {
    let score = |at: usize| match &attempts[at] {
        Some(Attempt::Answered { answer, .. }) => Some((evaluator.score)(tasks[at], answer)),
        _ => None,
    };
    let is_judged = |at: &usize| tasks[*at].scorer == Scorer::Judge;
    let (judged, others): (Vec<usize>, Vec<usize>) = (0..tasks.len()).partition(is_judged);
    let mut scores = vec![None; tasks.len()];
    for (at, score) in in_parallel(&judged, evaluator.concurrency, |at| Some(score(at))) {
        scores[at] = score;
    }
    for at in others {
        scores[at] = score(at);
    }
    scores
}

fn scored(task: &Task, attempt: Option<Attempt>, score: Scored) -> Attempted<'_> {
    let attempt = attempt.unwrap_or(Attempt::Infra {
        reason: "no attempt was made".into(),
    });
    let (attempt, score) = match (attempt, score) {
        (attempt @ Attempt::Failed { .. }, _) => (attempt, Some(0.0)),
        (_, Some(Err(reason))) => (Attempt::Infra { reason }, None),
        (attempt, score) => (attempt, score.and_then(Result::ok)),
    };
    Attempted { task, attempt, score }
}
