//! What the keys of `kaizen top` do, and what they answer.

use super::opener;
use crate::cli::exit::CommandFailure;
use crate::cli::pause;
use crate::workspace::Workspace;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopAction {
    Quit,
    Help,
    /// As `kaizen stop`.
    Stop,
    /// As `kaizen hold`, or as `kaizen release` if the plan is on hold.
    Hold,
    /// As `kaizen report`, and opens the page.
    Report,
}

impl TopAction {
    /// Does it, and returns the answer.
    ///
    /// # Errors
    /// As the command of the same name.
    pub(super) fn taken(self, workspace: &Workspace) -> Result<String, CommandFailure> {
        match self {
            Self::Quit | Self::Help => Ok(String::new()),
            Self::Stop => pause::ask_to_stop(workspace),
            Self::Hold => pause::hold_or_release(workspace),
            Self::Report => report(workspace),
        }
    }
}

#[cfg(feature = "report")]
fn report(workspace: &Workspace) -> Result<String, CommandFailure> {
    let path = crate::cli::report::write_newest(workspace)?;
    Ok(match opener::open(&path, &workspace.manifest.withheld(&[])) {
        true => format!("opened {}", path.display()),
        false => format!("the report is {}", path.display()),
    })
}

#[cfg(not(feature = "report"))]
fn report(_: &Workspace) -> Result<String, CommandFailure> {
    let _ = opener::open;
    Err(CommandFailure::failed("this kaizen was built without feature `report`"))
}
