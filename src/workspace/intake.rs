//! Intake: what a repository must not bring along into a workspace.

use std::path::Path;

use crate::ledger::Git;
use crate::sys::disk::{OWN_FOLDER, Root};
use crate::workspace::error::RunError;
use crate::workspace::{inbox, session};

/// Where attempts are remembered.
const MEMO_FOLDER: &str = ".kaizen/cache";

/// Folders of kaizen's own, in which a link is an error whatever reads it. The files of a session are checked when it is
/// worked on, and what programs leave in scratch folders is never read through a link.
pub(crate) fn refuse_links(root: &Root) -> Result<(), RunError> {
    for folder in [OWN_FOLDER, MEMO_FOLDER, session::FOLDER] {
        root.check_plain_here(folder)?;
    }
    for folder in [inbox::FOLDER, "pending_review"] {
        root.check_plain(folder)?;
    }
    Ok(())
}

/// Refuses a workspace whose own folder git tracks: whoever committed it would decide what is remembered here, such as
/// scores, answers and edits under way.
///
/// # Errors
/// It is tracked, or git says no.
pub(crate) fn refuse_tracked_state(root: &Path, ledger: &Git) -> Result<(), RunError> {
    let own = root.join(OWN_FOLDER);
    if !own.exists() && !own.is_symlink() {
        return Ok(());
    }
    let tracked = ledger.tracked(OWN_FOLDER)?;
    match tracked.is_empty() {
        true => Ok(()),
        false => Err(RunError::TrackedState(tracked)),
    }
}
