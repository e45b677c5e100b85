//! Requests to the run that works in a workspace: `kaizen stop` and `kaizen hold` leave them, and the run looks for them
//! between two edits.

use crate::artifact::Artifact;
use crate::artifact::pause::{Pause, PauseRequest};
use crate::artifact::plan::Plan;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::schema_line;
use crate::workspace::session::{Session, SessionError};

/// The file in kaizen's own folder.
const FILE: &str = "pause.json";

/// Asks the run of a process to pause.
///
/// # Errors
/// The request cannot be written.
pub(crate) fn ask(workspace: &Workspace, pause: Pause, process: &str) -> Result<(), RunError> {
    let request = PauseRequest {
        version: 1,
        pause,
        process: process.to_owned(),
        extra: Default::default(),
    };
    let text = request.to_text();
    let text = schema_line::stored(&workspace.root, &text)?;
    Ok(workspace.checkout.publish(workspace.shared(FILE), text.as_bytes())?)
}

/// What somebody asks of this process.
///
/// # Errors
/// The request cannot be read.
pub(crate) fn asked(workspace: &Workspace) -> Result<Option<Pause>, RunError> {
    let path = workspace.shared(FILE);
    let Some(text) = workspace.checkout.read_text(&path)? else {
        return Ok(None);
    };
    let request = PauseRequest::from_text(&path, &text).map_err(SessionError::from)?;
    Ok((request.process == workspace.process()).then_some(request.pause))
}

/// Puts a session's plan on hold; returns whether it was not on hold before.
///
/// # Errors
/// The plan cannot be written.
pub(crate) fn hold(session: &Session, plan: Plan) -> Result<bool, RunError> {
    if plan.held {
        return Ok(false);
    }
    session.publish("plan.json", &Plan { held: true, ..plan }.to_text())?;
    Ok(true)
}

/// Removes a request: it was obeyed, or was meant for an earlier run.
///
/// # Errors
/// The file cannot be removed.
pub(crate) fn forget(workspace: &Workspace) -> Result<(), RunError> {
    let path = workspace.shared(FILE);
    match workspace.checkout.is_taken(&path)? {
        true => Ok(workspace.checkout.remove(path)?),
        false => Ok(()),
    }
}
