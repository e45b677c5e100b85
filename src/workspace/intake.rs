//! Refuses what a repository must not bring into a workspace: links in kaizen's folders, and tracked local state.

use std::io::ErrorKind;

use crate::ledger::Git;
use crate::sys::disk::{OWN_FOLDER, Root};
use crate::workspace::error::RunError;
use crate::workspace::{inbox, index_memory, session};

/// The folder of the cache of attempts.
const MEMO_FOLDER: &str = ".kaizen/cache";

/// Refuses links in kaizen's folders. The files of a session are checked when it runs, and files in scratch folders are
/// never read through a link.
pub(crate) fn refuse_links(root: &Root) -> Result<(), RunError> {
    for folder in [OWN_FOLDER, MEMO_FOLDER, session::FOLDER] {
        root.check_plain_here(folder)?;
    }
    for folder in [inbox::FOLDER, "pending_review"] {
        root.check_plain(folder)?;
    }
    Ok(())
}

/// Refuses a workspace in which git tracks kaizen's own folder: a committed folder would determine local state such as
/// cached scores, answers and announced writes.
///
/// # Errors
/// The folder is tracked, or git fails.
pub(crate) fn refuse_tracked_state(root: &Root, ledger: &Git) -> Result<(), RunError> {
    let own = root.join(OWN_FOLDER);
    if index_memory::is_known_untracked(root, ledger) {
        return Ok(());
    }
    let facts = own.symlink_metadata();
    if facts.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(());
    }
    let tracked = ledger.tracked(OWN_FOLDER)?;
    match tracked.is_empty() {
        true => Ok(()),
        false => Err(RunError::TrackedState(tracked)),
    }
}
