//! Answers questions: out of the memo, else by asking the student, on many threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Evaluator;
use super::parallel::in_parallel;
use super::question::Question;
use super::scores::{scored, scores};
use crate::artifact::evaluation::{Attempt, Attempted};
use crate::digest::Digest;
use crate::eval::memo::Memo;
use crate::eval::student::Prepared;

/// Answers and scores every question, in the order given.
pub(super) fn ask<'t>(
    evaluator: &Evaluator,
    prepared: &dyn Prepared,
    questions: &[Question<'t>],
) -> Vec<Attempted<'t>> {
    let keys: Vec<Digest> = questions.iter().map(|question| question.key).collect();
    let remembered = evaluator.memo.get(&keys);
    let open: Vec<usize> = (0..questions.len()).filter(|at| remembered[*at].is_none()).collect();
    let made = fan_out(evaluator, prepared, questions, &open);
    if !evaluator.student.is_dear() {
        keep(evaluator.memo, questions, &made);
    }
    let mut fresh = vec![false; questions.len()];
    let mut attempts = remembered;
    for (at, attempt) in made {
        (attempts[at], fresh[at]) = (Some(attempt), true);
    }
    let scores = scores(evaluator, questions, &attempts);
    let answers = questions.iter().zip(attempts).zip(scores).zip(fresh);
    answers
        .map(|(((question, attempt), score), fresh)| scored(question.task, attempt, score, fresh))
        .collect()
}

/// Remembers what was made; not what the world spoiled, since it may be better next time.
fn keep(memo: &dyn Memo, questions: &[Question], made: &[(usize, Attempt)]) {
    let worth_keeping = made
        .iter()
        .filter(|(_, attempt)| !matches!(attempt, Attempt::Infra { .. }));
    memo.put(
        &worth_keeping
            .map(|(at, attempt)| (questions[*at].key, attempt.clone()))
            .collect::<Vec<_>>(),
    );
}

fn fan_out(
    evaluator: &Evaluator,
    prepared: &dyn Prepared,
    questions: &[Question],
    open: &[usize],
) -> Vec<(usize, Attempt)> {
    let done = AtomicUsize::new(questions.len() - open.len());
    in_parallel(open, evaluator.concurrency, |at| {
        if (evaluator.halted)().is_some() {
            return None;
        }
        let question = &questions[at];
        let made = [(at, prepared.attempt(question.task, question.draw))];
        if evaluator.student.is_dear() {
            keep(evaluator.memo, questions, &made);
        }
        (evaluator.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, questions.len());
        let [(_, attempt)] = made;
        Some(attempt)
    })
}
