//! `kaizen release`: releases a plan that `kaizen hold` or `[session] hold = "plan"` put on hold.

use clap::Args;

use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use super::{Setting, render};
use crate::artifact::Artifact;
use crate::artifact::plan::Plan;
use crate::manifest::Hold;
use crate::workspace::Workspace;
use crate::workspace::session::Session;

/// Release a plan that is on hold
#[derive(Clone, Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// Release the plan of this session instead of the newest one
    session: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no plan, or it cannot be read.
pub(crate) fn release(command: &ReleaseArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let session = session_of(&workspace, command.session.as_deref())?;
    let (before, holds) = release_plan(&workspace, &session)?;
    if setting.is_json() {
        render::json(&serde_json::json!({"session": session.id, "released": before || holds, "was_released": before}));
        return Ok(Code::Settled);
    }
    let words = match (before, holds) {
        (true, _) => "was already released",
        (false, true) => "is released",
        (false, false) => "was not on hold",
    };
    out!(
        "the plan of {} {words}; `kaizen run --session {}` continues it",
        session.id,
        session.id
    );
    Ok(Code::Settled)
}

/// Releases the plan of a session; returns whether it was released before, and whether it was on hold.
///
/// # Errors
/// There is no plan, or it cannot be read or written.
pub(super) fn release_plan(workspace: &Workspace, session: &Session) -> Result<(bool, bool), CommandFailure> {
    let missing = || {
        CommandFailure::failed(format!("{} has no plan yet", session.id))
            .hint(format!("`kaizen run --session {}` creates one", session.id))
    };
    let plan: Plan = session.read("plan.json")?.ok_or_else(missing)?;
    let by_manifest = workspace.manifest.session.hold == Some(Hold::Plan);
    let before = plan.released && !plan.held;
    let holds = plan.is_on_hold(by_manifest);
    if holds {
        let released = Plan {
            released: plan.released || by_manifest,
            held: false,
            ..plan
        };
        session.publish("plan.json", &released.to_text())?;
    }
    Ok((before, holds))
}
