//! The record of the newest loop: it can be read by this kaizen.

use super::{Finding, Kind, without_file};
use crate::artifact::Artifact;
use crate::artifact::loop_record::{FILE, LoopRecord};
use crate::sys::disk::DiskError;
use crate::workspace::Workspace;

/// What is wrong with it; it need not be there.
///
/// # Errors
/// The file system says no.
pub(crate) fn check(workspace: &Workspace) -> Result<Option<Finding>, DiskError> {
    let Some(bytes) = workspace.root.read(FILE)? else {
        return Ok(None);
    };
    let problem = match String::from_utf8(bytes) {
        Ok(text) => LoopRecord::from_text(FILE.as_ref(), &text)
            .err()
            .map(|error| error.to_string()),
        Err(_) => Some("it is not UTF-8".to_owned()),
    };
    Ok(problem.map(|problem| Finding {
        kind: Kind::Failure,
        file: FILE.to_owned(),
        problem: without_file(FILE, &problem),
        remedy: "restore it with git, or delete it, and `kaizen loop` begins another loop".to_owned(),
    }))
}
