//! Says how the answers of a language model or a program are wrong.

use super::form::AnswerForm;
use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::teacher::rules::cause::Cause;
use crate::teacher::rules::sample::folded;

/// The cause of a wrong answer, as far as the answer shows it.
pub(super) fn symptom(attempted: &ScoredAttempt, form: &AnswerForm) -> Cause {
    let Attempt::Answered { answer, .. } = &attempted.attempt else {
        return Cause::NoAnswer;
    };
    let reference = folded(attempted.task.reference_answer.as_str());
    if !reference.is_empty() && folded(answer).contains(&reference) {
        Cause::Wordy
    } else if !form.fits(answer) {
        Cause::OffForm
    } else {
        Cause::OtherAnswer
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifact::task::Task;

    #[test]
    fn the_answer_shows_how_it_is_wrong() {
        let task: Task =
            serde_json::from_value(json!({"task_id": "t", "query": "q", "reference_answer": "cash"})).unwrap();
        let others: Vec<Task> = (0..6)
            .map(|at| {
                let label = ["cash", "card"][at % 2];
                serde_json::from_value(json!({"task_id": "t", "query": "q", "reference_answer": label})).unwrap()
            })
            .collect();
        let form = AnswerForm::of(&others.iter().collect::<Vec<_>>());
        let cause = |attempt| {
            let attempted = ScoredAttempt {
                task: &task,
                attempt,
                score: Some(0.0),
                fresh: true,
            };
            symptom(&attempted, &form)
        };
        let answered = |text: &str| Attempt::Answered {
            answer: text.into(),
            model: None,
            tool: None,
            used: None,
        };
        assert_eq!(cause(answered("It is Cash.")), Cause::Wordy);
        assert_eq!(cause(answered("card")), Cause::OtherAnswer);
        assert_eq!(cause(answered("I am happy to help")), Cause::OffForm);
        assert_eq!(cause(Attempt::Failed { reason: "x".into() }), Cause::NoAnswer);
    }
}
