//! `kaizen stop` and `kaizen hold`: ask the run that works in this workspace to pause after its present edit.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::accept::session_of;
use super::exit::{Code, CommandFailure};
#[cfg(feature = "top")]
use super::release;
use super::{Setting, render};
use crate::artifact::pause::Pause;
use crate::artifact::plan::Plan;
use crate::workspace::running::OtherRun;
use crate::workspace::session::Session;
use crate::workspace::{OWN_FOLDER, Workspace, pause, transaction};

/// The lock of a watcher, in kaizen's own folder.
pub(super) const WATCHER: &str = "watch.lock";

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
    match setting.is_json() {
        true => render::json(&json!({"asked": ask(&workspace, Pause::Stop)?})),
        false => out!("{}", ask_to_stop(&workspace)?),
    }
    Ok(Code::Settled)
}

/// Asks the run that works here to stop, and says so.
///
/// # Errors
/// A command works here that runs no session, or the request cannot be written.
pub(crate) fn ask_to_stop(workspace: &Workspace) -> Result<String, CommandFailure> {
    Ok(match (ask(workspace, Pause::Stop)?, watcher(workspace)) {
        (Some(process), _) => format!("{process} ends after its present edit"),
        (None, Some(watcher)) => format!("no session runs here; {watcher} waits for changes, and Ctrl-C ends it"),
        (None, None) => "nothing runs here".to_owned(),
    })
}

/// The watcher of this workspace, if there is one.
fn watcher(workspace: &Workspace) -> Option<String> {
    let holder = workspace.checkout.lock_holder(Path::new(OWN_FOLDER).join(WATCHER));
    Some(holder.ok()??.lines().next()?.to_owned())
}

/// Runs `kaizen hold`.
///
/// # Errors
/// A command works here that runs no session, there is no plan, or a file cannot be written.
pub(crate) fn hold(command: &HoldArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    if let Some(process) = ask(&workspace, Pause::Hold)? {
        match setting.is_json() {
            true => render::json(&json!({"asked": process})),
            false => out!("{}", holds(&process)),
        }
        return Ok(Code::Settled);
    }
    let session = session_of(&workspace, command.session.as_deref())?;
    let was_held = !put_on_hold(&workspace, &session)?;
    match setting.is_json() {
        true => render::json(&json!({"session": session.id, "held": true, "was_held": was_held})),
        false => out!("{}", is_held(&session)),
    }
    Ok(Code::Settled)
}

fn holds(process: &str) -> String {
    format!("{process} holds its plan after its present edit; `kaizen release` lets it go on")
}

fn is_held(session: &Session) -> String {
    format!(
        "the plan of {0} is on hold; `kaizen release {0}` lets it go on",
        session.id
    )
}

/// Puts the plan of a session on hold; returns whether it was not on hold before.
fn put_on_hold(workspace: &Workspace, session: &Session) -> Result<bool, CommandFailure> {
    let _lock = transaction::alone(workspace)?;
    let missing = || CommandFailure::failed(format!("{} has no plan yet", session.id));
    let plan: Plan = session.read("plan.json")?.ok_or_else(missing)?;
    Ok(pause::hold(session, plan)?)
}

/// Holds the plan of the run that works here, or, if nothing runs, releases the newest plan or puts it on hold. Says what
/// it did.
///
/// # Errors
/// As [`hold`].
#[cfg(feature = "top")]
pub(crate) fn hold_or_release(workspace: &Workspace) -> Result<String, CommandFailure> {
    if let Some(process) = ask(workspace, Pause::Hold)? {
        return Ok(holds(&process));
    }
    let session = session_of(workspace, None)?;
    if release::release_plan(workspace, &session)?.1 {
        return Ok(format!(
            "the plan is released; `kaizen run --session {}` continues it",
            session.id
        ));
    }
    put_on_hold(workspace, &session)?;
    Ok(is_held(&session))
}

/// Asks the run that works here; returns its process, or `None` if nothing runs.
fn ask(workspace: &Workspace, pause: Pause) -> Result<Option<String>, CommandFailure> {
    let beside = OtherRun::beside(workspace).into_iter().next();
    // A plan can be held while another command works beside the runs.
    let beside = beside.filter(|_| pause == Pause::Stop);
    let Some(run) = OtherRun::of(workspace).or(beside) else {
        return Ok(None);
    };
    if !run.can_pause() {
        let problem = format!("{} does not try edits, so it cannot pause between two", run.process);
        return Err(CommandFailure::failed(problem).hint("wait until it ends, or end it with Ctrl-C"));
    }
    pause::ask(workspace, pause, &run.process)?;
    Ok(Some(run.process))
}
