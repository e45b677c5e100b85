//! The announcement of a write: one that a crash left behind is worth knowing, one that cannot be read is in the way.

use super::{Finding, Kind};
use crate::artifact::Artifact;
use crate::artifact::intent::Intent;
use crate::cli::exit::Failure;
use crate::workspace::recover::INTENT;
use crate::workspace::{OWN_FOLDER, Workspace};

/// Checks it.
///
/// # Errors
/// The file system says no.
pub(crate) fn check(workspace: &Workspace) -> Result<Option<Finding>, Failure> {
    let path = workspace.root.join(OWN_FOLDER).join(INTENT);
    let Some(bytes) = workspace.root.read(&path)? else {
        return Ok(None);
    };
    let file = format!("{OWN_FOLDER}/{INTENT}");
    let read = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned());
    let read = read.and_then(|text| Intent::from_text(file.as_ref(), &text).map_err(|error| error.to_string()));
    Ok(Some(match read {
        Ok(intent) => Finding {
            kind: Kind::Information,
            problem: format!(
                "a write of {} for {} was interrupted, or is under way",
                intent
                    .files
                    .iter()
                    .map(|file| file.path.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                intent.session_id
            ),
            remedy: "nothing to do: the next `kaizen run` undoes what was interrupted".into(),
            file,
        },
        Err(problem) => Finding {
            kind: Kind::Failure,
            problem: super::without_file(&file, &problem),
            remedy: "see with `git status` that the agent's files are as they should be, then delete it".into(),
            file,
        },
    }))
}
