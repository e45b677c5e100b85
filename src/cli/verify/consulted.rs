//! The ledger of the gate split: every line of it can be read.

use super::{Finding, Kind, without_file};
use crate::artifact::consultation::FILE;
use crate::workspace::{Workspace, holdout_log};

/// What is wrong with it; it need not be there.
pub(crate) fn check(workspace: &Workspace) -> Option<Finding> {
    let problem = holdout_log::read(workspace).err()?.to_string();
    Some(Finding {
        kind: Kind::Failure,
        file: FILE.to_owned(),
        problem: without_file(FILE, &problem),
        remedy: "correct or delete that line, or restore the file with git; tasks belong in another file".to_owned(),
    })
}
