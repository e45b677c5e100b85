//! Follows a person who gives an edit another label in the plan: its outcome and its question get the same label.

use super::{ExecuteContext, ExecuteInput};
use crate::artifact::edit::Edit;
use crate::artifact::outcome::Outcome;
use crate::workspace::error::RunError;

/// Renames an edit in its outcome and its question if a person renamed it in the plan.
///
/// # Errors
/// A file cannot be written.
pub(super) fn follow_label(edit: &Edit, input: &ExecuteInput, execution: &ExecuteContext) -> Result<(), RunError> {
    let label = &edit.id;
    if let Some(known) = input.known(edit).filter(|known| known.edit_id != *label) {
        execution.outcome(&Outcome {
            edit_id: label.clone(),
            ..known
        })?;
    }
    if let Some(asked) = input
        .reconcile
        .pending
        .get(&edit.digest())
        .filter(|asked| asked.edit.id != *label)
    {
        let mut asked = asked.clone();
        asked.edit.id.clone_from(label);
        execution.ask(&asked)?;
    }
    Ok(())
}
