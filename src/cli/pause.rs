//! `kaizen stop` and `kaizen hold`: ask the run that works in this workspace to pause after its present edit.

use clap::Args;
use serde_json::json;

use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use super::{Setting, render};
use crate::artifact::pause::Pause;
use crate::artifact::plan::Plan;
use crate::workspace::running::OtherRun;
use crate::workspace::{Workspace, pause, transaction};

/// End the run that works here, after its present edit
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StopArgs {}

/// Put the plan of a run on hold, after its present edit
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct HoldArgs {
    /// If nothing runs, hold the plan of this session instead of the newest one
    session: Option<String>,
}

/// Runs `kaizen stop`.
///
/// # Errors
/// A command works here that runs no session, or the request cannot be written.
pub(crate) fn stop(_: &StopArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let process = ask(&workspace, Pause::Stop)?;
    match (&process, setting.is_json()) {
        (_, true) => render::json(&json!({"asked": process})),
        (Some(process), false) => out!("{process} ends after its present edit"),
        (None, false) => out!("nothing runs here"),
    }
    Ok(Code::Settled)
}

/// Runs `kaizen hold`.
///
/// # Errors
/// A command works here that runs no session, there is no plan, or a file cannot be written.
pub(crate) fn hold(command: &HoldArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    if let Some(process) = ask(&workspace, Pause::Hold)? {
        match setting.is_json() {
            true => render::json(&json!({"asked": process})),
            false => out!("{process} holds its plan after its present edit; `kaizen release` lets it go on"),
        }
        return Ok(Code::Settled);
    }
    let session = session_of(&workspace, command.session.as_deref())?;
    let _lock = transaction::alone(&workspace)?;
    let missing = || CommandFailure::failed(format!("{} has no plan yet", session.id));
    let plan: Plan = session.read("plan.json")?.ok_or_else(missing)?;
    let was_held = !pause::hold(&session, plan)?;
    match setting.is_json() {
        true => render::json(&json!({"session": session.id, "held": true, "was_held": was_held})),
        false => out!(
            "the plan of {0} is on hold; `kaizen release {0}` lets it go on",
            session.id
        ),
    }
    Ok(Code::Settled)
}

/// Asks the run that works here; returns its process, or `None` if nothing runs.
fn ask(workspace: &Workspace, pause: Pause) -> Result<Option<String>, CommandFailure> {
    let Some(run) = OtherRun::of(workspace) else {
        return Ok(None);
    };
    if !run.can_pause() {
        let problem = format!("{} does not try edits, so it cannot pause between two", run.process);
        return Err(CommandFailure::failed(problem).hint("wait until it ends, or end it with Ctrl-C"));
    }
    pause::ask(workspace, pause, &run.process)?;
    Ok(Some(run.process))
}
