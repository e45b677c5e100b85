//! Answers and scores the runs of tasks: takes each answer from the memo, or asks the student, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::streak::{FailureStreak, common_reason};
use super::{Evaluator, TaskRun};
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::artifact::task::{Scorer, Task};
use crate::digest::Digest;
use crate::eval::memo::Memo;
use crate::eval::student::{Draw, PreparedStudent};

/// One run in the form that the student and the memo need.
pub(super) struct KeyedRun<'t> {
    pub task: &'t Task,
    pub draw: Draw,
    pub key: Digest,
}

/// The questions of these runs. If the student cannot vary on a task, all its runs are the same question.
pub(super) fn questions<'t>(
    evaluator: &Evaluator,
    prepared: &dyn PreparedStudent,
    runs: &[TaskRun<'t>],
) -> Vec<KeyedRun<'t>> {
    let identity = evaluator.student.identity();
    let question = |run: &TaskRun<'t>| {
        let (number, epoch) = match prepared.varies(run.task) {
            true => (run.number, evaluator.epoch),
            false => (0, 0),
        };
        let draw = draw(run.task, evaluator.seed, number, epoch);
        KeyedRun {
            task: run.task,
            draw,
            key: key(&identity, prepared, run.task, draw.seed),
        }
    };
    runs.iter().map(question).collect()
}

/// The draw of a run. It does not depend on the harness, so both arms of a comparison use the same seed for the same
/// run of a task.
fn draw(task: &Task, seed: u64, number: u32, epoch: u32) -> Draw {
    let repeat = u64::from(epoch) << 32 | u64::from(number);
    let drawn = match repeat {
        0 => Digest::of_value(&(seed, &task.task_id)),
        _ => Digest::of_value(&(seed, &task.task_id, number, epoch)),
    };
    Draw {
        seed: drawn.seed(),
        repeat,
    }
}

/// The digest of everything that the answer can depend on. The reference, the category and the split are not included,
/// because the student does not see them.
fn key(identity: &serde_json::Value, prepared: &dyn PreparedStudent, task: &Task, seed: u64) -> Digest {
    Digest::of_value(&(identity, prepared.footprint(task), &task.query, &task.agent, seed))
}

/// The scored attempts at some questions.
pub(super) struct AnsweredQuestions<'t> {
    /// One attempt for each question, in the order given.
    pub attempts: Vec<ScoredAttempt<'t>>,
    /// Why the agent could not be asked: no question has a result of the agent, or the last attempts kept failing.
    pub stopped: Option<String>,
}

/// Answers and scores all questions, in the order given.
pub(super) fn ask<'t>(
    evaluator: &Evaluator,
    prepared: &dyn PreparedStudent,
    questions: &[KeyedRun<'t>],
) -> AnsweredQuestions<'t> {
    let keys: Vec<Digest> = questions.iter().map(|question| question.key).collect();
    let remembered = evaluator.memo.get(&keys);
    let open: Vec<usize> = (0..questions.len()).filter(|at| remembered[*at].is_none()).collect();
    let streak = FailureStreak::new(open.len() < questions.len());
    let made = fan_out(evaluator, prepared, questions, &open, &streak);
    if !evaluator.student.is_expensive() {
        keep(evaluator.memo, questions, &made);
    }
    let mut fresh = vec![false; questions.len()];
    let mut attempts = remembered;
    for (at, attempt) in made {
        (attempts[at], fresh[at]) = (Some(attempt), true);
    }
    let stopped = streak.stopped().or_else(|| common_reason(&attempts));
    let scores = scores(evaluator, questions, &attempts);
    let answers = questions.iter().zip(attempts).zip(scores).zip(fresh);
    let missing = || Attempt::Infra {
        reason: (evaluator.halted)()
            .or_else(|| streak.reason())
            .unwrap_or("no attempt was made".into()),
    };
    AnsweredQuestions {
        attempts: answers
            .map(|(((question, attempt), score), fresh)| {
                scored(question.task, attempt.unwrap_or_else(missing), score, fresh)
            })
            .collect(),
        stopped,
    }
}

/// Stores attempts in the memo, except those without a score, which may succeed next time.
fn keep(memo: &dyn Memo, questions: &[KeyedRun], made: &[(usize, Attempt)]) {
    let worth_keeping = made.iter().filter(|(_, attempt)| attempt.unscored().is_none());
    memo.put(
        &worth_keeping
            .map(|(at, attempt)| (questions[*at].key, attempt.clone()))
            .collect::<Vec<_>>(),
    );
}

fn fan_out(
    evaluator: &Evaluator,
    prepared: &dyn PreparedStudent,
    questions: &[KeyedRun],
    open: &[usize],
    streak: &FailureStreak,
) -> Vec<(usize, Attempt)> {
    let done = AtomicUsize::new(questions.len() - open.len());
    in_parallel(open, evaluator.concurrency, |at| {
        if (evaluator.halted)().is_some() || streak.stopped().is_some() {
            return None;
        }
        let question = &questions[at];
        let made = [(
            at,
            evaluator
                .gauge
                .during(|| prepared.attempt(question.task, question.draw)),
        )];
        if evaluator.student.is_expensive() {
            keep(evaluator.memo, questions, &made);
        }
        (evaluator.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, questions.len());
        let [(_, attempt)] = made;
        streak.note(&attempt);
        Some(attempt)
    })
}

/// Runs `work` on each index with up to `threads` threads. Returns results in index order. A thread stops when `work`
/// returns `None`.
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

/// A score, or the reason for a failure to score; `None` if there is no answer.
type ScoreResult = Option<Result<f64, String>>;

/// Scores all answers. Judge scores, which take seconds, are requested in parallel. The others are computed one after
/// another, because they are fast or are programs that might interfere with each other.
fn scores(evaluator: &Evaluator, questions: &[KeyedRun], attempts: &[Option<Attempt>]) -> Vec<ScoreResult> {
    let score = |at: usize| match &attempts[at] {
        Some(Attempt::Answered { answer, .. }) => Some((evaluator.score)(questions[at].task, answer)),
        _ => None,
    };
    let is_judged = |at: &usize| questions[*at].task.scorer == Scorer::Judge;
    let (judged, others): (Vec<usize>, Vec<usize>) = (0..questions.len()).partition(is_judged);
    let mut scores = vec![None; questions.len()];
    for (at, score) in in_parallel(&judged, evaluator.concurrency, |at| Some(score(at))) {
        scores[at] = score;
    }
    for at in others {
        scores[at] = score(at);
    }
    scores
}

/// An attempt with its score.
fn scored(task: &Task, attempt: Attempt, score: ScoreResult, fresh: bool) -> ScoredAttempt<'_> {
    let (attempt, score) = match (attempt, score) {
        (attempt @ Attempt::Failed { .. }, _) => (attempt, Some(0.0)),
        (_, Some(Err(reason))) => (Attempt::Infra { reason }, None),
        (attempt, score) => (attempt, score.and_then(Result::ok)),
    };
    ScoredAttempt {
        task,
        attempt,
        score,
        fresh,
    }
}
