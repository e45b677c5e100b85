//! Refuses few-shot examples that ask what a gate, test or reserve task asks: they would give the answer away.

use super::context::Context;
use crate::artifact::edit::Edit;
use crate::harness::{Harness, op};
use crate::workspace::error::RunError;

/// The refusal names neither the task nor the example, because both would reveal what is held out.
const REFUSAL: &str = "payload: `exemplars` repeats a query that is held out for the gate or the test, so its score would \
                       mean nothing; take the examples from train tasks and traces";

/// Why an edit's new examples cannot be tried; `None` if none of them is a held-out query.
///
/// # Errors
/// The benchmark cannot be read.
pub(crate) fn refusal(
    context: &Context,
    edit: &Edit,
    harness: &Harness,
    rules: &op::OpRules,
) -> Result<Option<String>, RunError> {
    let questions = op::new_questions(edit, harness, rules);
    if questions.is_empty() {
        return Ok(None);
    }
    let redactor = &context.workspace.redactor;
    let held_out = context.inputs.benchmark()?.held_out(redactor);
    let repeats = questions.iter().any(|question| held_out.asks(question, redactor));
    Ok(repeats.then(|| REFUSAL.to_owned()))
}
