//! `kaizen release`: let a plan run that `[session] hold = "plan"` holds.

use clap::Args;

use super::accept::session_of;
use super::exit::{Code, Failure};
use super::{Setting, render};
use crate::artifact::Artifact;
use crate::artifact::plan::Plan;
use crate::manifest::Hold;

/// Release a plan that is on hold
#[derive(Clone, Debug, Args)]
pub(crate) struct Release {
    /// Release the plan of this session instead of the newest
    session: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no plan, or it cannot be read.
pub(crate) fn release(command: &Release, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    let session = session_of(&workspace, command.session.as_deref())?;
    let missing = || {
        Failure::usage(format!("{} has no plan yet", session.id))
            .hint(format!("`kaizen run --session {}` makes one", session.id))
    };
    let plan: Plan = session.read("plan.json")?.ok_or_else(missing)?;
    let (before, held) = (plan.released, workspace.manifest.session.hold == Some(Hold::Plan));
    if !before && held {
        let released = Plan { released: true, ..plan };
        session.publish("plan.json", &released.to_text())?;
    }
    if setting.is_json() {
        render::json(&serde_json::json!({"session": session.id, "released": before || held, "was_released": before}));
        return Ok(Code::Settled);
    }
    let words = match (before, held) {
        (true, _) => "was released before",
        (false, true) => "is released",
        (false, false) => "was not held: [session] hold holds no plan here",
    };
    out!(
        "the plan of {} {words}; `kaizen run --session {}` continues it",
        session.id,
        session.id
    );
    Ok(Code::Settled)
}
