//! What the keys of `kaizen top` do, and what they answer.

use super::opener;
use crate::cli::Setting;
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
    pub(super) fn taken(self, setting: &Setting, checkout: &Workspace) -> Result<String, CommandFailure> {
        // The newest session may work on a branch of its own.
        let newest = || setting.newest_workspace(checkout);
        match self {
            Self::Quit | Self::Help => Ok(String::new()),
            Self::Stop => pause::ask_to_stop(checkout),
            Self::Hold => pause::hold_or_release(newest()?.as_ref().unwrap_or(checkout)),
            Self::Report => report(newest()?.as_ref().unwrap_or(checkout)),
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
