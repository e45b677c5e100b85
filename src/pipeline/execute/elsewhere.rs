//! Settles an edit about which a person was asked in another session too.

use super::{ExecuteContext, ExecuteInput, Question, ask, outcome};
use crate::artifact::decision::ReviewDecision;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::pipeline::execute::head::SessionHead;
use crate::workspace::error::RunError;
use crate::workspace::questions;

/// The outcome of an edit whose answer has taken effect in another session; `None` if it has not. The session gets no
/// credit for it.
pub(super) fn settled(
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<Option<Outcome>, RunError> {
    let found = execution.questions(edit)?;
    let Some(answer) = input.decision_of(edit) else {
        // Whatever the autonomy: what a person rejected is not tried again.
        return Ok(questions::rejected(&found).map(|(session, answer)| rejected(edit, &session.id, answer)));
    };
    let there = questions::acted_on(&found, answer).and_then(|other| Some((other, other.outcome.as_ref()?)));
    Ok(there.map(|(other, decided)| Outcome {
        error: Some(format!(
            "your answer took effect in {}: {}",
            other.session.id,
            decided.status.words()
        )),
        ..outcome(edit, OutcomeStatus::Inapplicable)
    }))
}

/// Asks a person about an edit, unless they rejected the same edit in another session, or accepted it there and the gate
/// refused it for the same harness and benchmark.
pub(super) fn ask_once(
    edit: &Edit,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &SessionHead,
) -> Result<Outcome, RunError> {
    let found = execution.questions(edit)?;
    let benchmark = input
        .late
        .map_or(input.gate.baseline.benchmark, |late| late.judged_on.benchmark);
    if let Some(other) = questions::refused(&found, head.harness.digest(), benchmark) {
        let reason = format!("you accepted it in {}, and the gate refused it there", other.session.id);
        return Ok(Outcome {
            error: Some(reason),
            ..outcome(edit, OutcomeStatus::Inapplicable)
        });
    }
    let Some((session, answer)) = questions::rejected(&found) else {
        return ask(edit, &Question::Proposed, input, execution, head);
    };
    ask(edit, &Question::Answered(answer.clone()), input, execution, head)?;
    Ok(rejected(edit, &session.id, answer))
}

/// The outcome of an edit that a person rejected in another session.
fn rejected(edit: &Edit, session: &str, answer: &ReviewDecision) -> Outcome {
    let why = match answer.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    Outcome {
        error: Some(format!("you rejected it in {session}{why}")),
        ..outcome(edit, OutcomeStatus::RejectedByUser)
    }
}
