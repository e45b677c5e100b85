//! What follows if a hook of the repository changed an edit while it was committed: the committed bytes count.

use std::collections::BTreeSet;

use super::head::SessionHead;
use super::message::revert_message;
use super::question::Question;
use super::verdict::{GatedOutcome, decide};
use super::{ExecuteContext, ExecuteInput, ask};
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::harness::{Harness, op};
use crate::workspace::error::RunError;
use crate::workspace::event::Event;

/// Judges the commit of an edit that a hook changed. If the gate refuses it, it is reverted.
pub(super) fn judge_again(
    edit: &Edit,
    committed: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<GatedOutcome, RunError> {
    let before = head.harness.clone();
    let (decided, after) = decide(edit, committed, input, execution, head)?;
    let refused = undo_if_lost(edit, &decided, (&before, committed), input, execution, head)?;
    Ok((refused.unwrap_or(decided), after))
}

/// Whether the gate may not have judged the committed files yet: the commit is at HEAD and does not hold exactly its edit,
/// so a hook changed it, and the run may have crashed before the gate was asked again.
pub(super) fn is_unjudged(
    edit: &Edit,
    commit: &str,
    (before, committed): (&Harness, &Harness),
    input: &ExecuteInput,
    head: &SessionHead,
) -> bool {
    head.commit.as_deref() == Some(commit)
        && op::apply(edit, before, &input.rules).is_ok_and(|candidate| candidate != *committed)
}

/// Reverts the commit at HEAD if the gate refuses what a hook made of it, and returns the outcome; `None` if the commit
/// stays.
pub(super) fn undo_if_lost(
    edit: &Edit,
    decided: &Outcome,
    (before, committed): (&Harness, &Harness),
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Option<Outcome>, RunError> {
    let note = |end: &str| {
        let text = format!(
            "{}: its commit holds more than the edit, perhaps by a hook; {end}",
            edit.id
        );
        (execution.context.listener)(Event::Note { text });
    };
    if decided.status == OutcomeStatus::Applied {
        note("the gate judged the committed files");
        return Ok(None);
    }
    let dropped = BTreeSet::from([edit.digest()]);
    let message = revert_message(execution.ledger().subject(), input, &dropped, &[]);
    head.undo(committed, before, &message, execution)?;
    note("the gate refuses the committed files, and the commit was reverted");
    if decided.status == OutcomeStatus::PendingReview {
        ask(edit, &Question::NearMiss(decided.error.clone()), input, execution, head)?;
    }
    Ok(Some(decided.clone()))
}
