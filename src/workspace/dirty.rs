//! Clean: the harness as HEAD has it and as it is on disk, which must be the same when it is judged.

use super::inputs::Inputs;
use crate::harness::Harness;
use crate::ledger::port::Ledger;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// Somebody who is saving is done after so many looks.
const MOST_LOOKS: usize = 5;

/// The harness files, on disk or at HEAD, that hold uncommitted changes.
///
/// # Errors
/// git or the file system says no.
pub(crate) fn user_changes(workspace: &Workspace, inputs: &Inputs, harness: &Harness) -> Result<Vec<String>, RunError> {
    let mut paths: Vec<String> = harness.files().map(|(path, _)| path.to_owned()).collect();
    if let Some(head) = inputs.head()? {
        let at_head = inputs.harness_at(head)?;
        paths.extend(at_head.files().map(|(path, _)| path.to_owned()));
    }
    paths.sort();
    paths.dedup();
    Ok(workspace.ledger.dirty(&paths)?)
}

/// The harness on disk, when nothing of it is uncommitted, nor half-written by somebody at this moment: what is judged
/// is what HEAD holds.
///
/// # Errors
/// A person's changes are in the way, or git or the file system says no.
pub(crate) fn clean_harness(workspace: &Workspace, inputs: &Inputs) -> Result<Harness, RunError> {
    let mut harness = workspace.harness()?;
    for _ in 0..MOST_LOOKS {
        let dirty = user_changes(workspace, inputs, &harness)?;
        if !dirty.is_empty() {
            return Err(RunError::Dirty(dirty));
        }
        let again = workspace.harness()?;
        if again == harness {
            return Ok(harness);
        }
        harness = again;
    }
    let changing = harness.files().map(|(path, _)| path.to_owned());
    Err(RunError::Dirty(changing.collect()))
}
