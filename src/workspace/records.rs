//! Commits records of kaizen's own, whose bytes count: what a formatter in a hook makes of them is undone.

use super::Workspace;
use super::error::RunError;
use crate::ledger::FileState;

/// Commits records, given as files or folders. A hook may refuse them; if it only changes their spacing, they are
/// restored and committed once more, because digests of other files refer to their bytes.
///
/// # Errors
/// git or the file system fails, or a hook refuses the commit.
pub(crate) fn commit_records(workspace: &Workspace, paths: &[String], message: &str) -> Result<(), RunError> {
    let mut files = Vec::new();
    for file in workspace.ledger.status(paths)? {
        if file.state != FileState::Ignored
            // A file that is too large to read cannot be restored either.
            && let Ok(Some(bytes)) = workspace.root.read(&file.path)
        {
            files.push((file.path, bytes));
        }
    }
    match workspace.ledger.commit_with_hooks(paths, message) {
        Ok((_, false)) => Ok(()),
        Ok((_, true)) if !restore(workspace, &files)? => Ok(()),
        Ok((_, true)) => workspace
            .ledger
            .commit_past_hooks(paths, message)
            .map(drop)
            .map_err(Into::into),
        Err(error) => {
            restore(workspace, &files)?;
            Err(error.into())
        }
    }
}

/// Restores files that a formatter changed; returns whether there was one.
fn restore(workspace: &Workspace, files: &[(String, Vec<u8>)]) -> Result<bool, RunError> {
    let mut any = false;
    for (path, bytes) in files {
        let present = workspace.root.read(path)?.unwrap_or_default();
        if present != *bytes && differ_in_spacing(&present, bytes) {
            any |= workspace.root.publish_over(path, bytes, Some(&present))?;
        }
    }
    Ok(any)
}

/// Whether two texts differ only in spacing. Any other change may be a person's.
fn differ_in_spacing(one: &[u8], other: &[u8]) -> bool {
    let words = |bytes: &[u8]| -> Vec<u8> {
        bytes
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect()
    };
    words(one) == words(other)
}
