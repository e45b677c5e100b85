//! Scores: what answers are worth.

use super::Evaluator;
use super::parallel::in_parallel;
use super::question::Question;
use crate::artifact::evaluation::{Attempt, Attempted};
use crate::artifact::task::{Scorer, Task};

/// A score, or why there is none; `None` where there is no answer.
pub(super) type Scored = Option<Result<f64, String>>;

/// Scores every answer. A judge takes seconds for each, and is asked about many at once; other scorers take none, or are
/// programs that may get in each other's way.
pub(super) fn scores(evaluator: &Evaluator, questions: &[Question], attempts: &[Option<Attempt>]) -> Vec<Scored> {
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

/// An attempt with what it was worth; one that was not made counts as one that the world spoiled.
pub(super) fn scored(task: &Task, attempt: Option<Attempt>, score: Scored, fresh: bool) -> Attempted<'_> {
    let attempt = attempt.unwrap_or(Attempt::Infra {
        reason: "no attempt was made".into(),
    });
    let (attempt, score) = match (attempt, score) {
        (attempt @ Attempt::Failed { .. }, _) => (attempt, Some(0.0)),
        (_, Some(Err(reason))) => (Attempt::Infra { reason }, None),
        (attempt, score) => (attempt, score.and_then(Result::ok)),
    };
    Attempted {
        task,
        attempt,
        score,
        fresh,
    }
}
