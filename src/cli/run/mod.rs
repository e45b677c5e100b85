//! `kaizen run`: start or resume a session, and stop when nothing is stale.

mod estimated;
mod unfinished;

use clap::Args;

use super::Setting;
use super::exit::{Code, Failure};
use super::render::{self, Around, Renderer};
use crate::artifact::record::{Autonomy, Status};
use crate::pipeline::advance::advance;
use crate::pipeline::options::{RunOptions, RunResult, WaitingFor};
use crate::workspace::event::Event;
use crate::workspace::holdout_log;

/// Start or resume a session, and stop when nothing is stale
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Run {
    /// Resume this session instead of the newest
    #[arg(value_name = "SESSION")]
    name: Option<String>,
    /// Resume this session instead of the newest
    #[arg(long, value_name = "SESSION", conflicts_with = "name")]
    session: Option<String>,
    /// Start a new session, even if the newest is settled or under way
    #[arg(long, conflicts_with_all = ["session", "name"])]
    new: bool,
    /// Stop after this phase
    #[arg(long, value_name = "PHASE")]
    until: Option<String>,
    /// Run this phase even if it is fresh; a hand-edited output goes to the attic (can be repeated)
    #[arg(long, value_name = "PHASE")]
    redo: Vec<String>,
    /// The autonomy of the session: auto, tiered or manual
    #[arg(long, value_parser = autonomy, value_name = "MODE")]
    autonomy: Option<Autonomy>,
    /// First commit your own changes to the harness, separately
    #[arg(long)]
    adopt: bool,
    /// Print the expected calls of language models and their cost, and run nothing
    #[arg(long)]
    estimate: bool,
}

/// Reads an autonomy.
///
/// # Errors
/// It is none.
pub(crate) fn autonomy(text: &str) -> Result<Autonomy, String> {
    serde_json::from_value(text.into()).map_err(|_| "it is one of auto, tiered, manual".to_owned())
}

/// Runs the command.
///
/// # Errors
/// Whatever stops a session.
pub(crate) fn run(command: &Run, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
    if command.estimate {
        let session = command.session.as_deref().or(command.name.as_deref());
        estimated::print(&workspace, session, setting)?;
        return Ok(Code::Settled);
    }
    let renderer = Renderer::new(setting.format);
    let asked = RunOptions {
        session: command.session.clone().or_else(|| command.name.clone()),
        new: command.new,
        dropped: None,
        until: command.until.clone(),
        redo: command.redo.clone(),
        autonomy: command.autonomy,
        adopt: command.adopt,
        by_files: false,
    };
    if let Some(text) = unfinished::note(&workspace, &asked) {
        renderer.show(Event::Note { text });
    }
    if let Some(warning) = holdout_log::warning(&workspace)? {
        renderer.show(warning);
    }
    let ended = advance(&workspace, &asked, &|event| renderer.show(event))?;
    for unmet in ended.unmet.iter().filter(|unmet| !ended.changed && !unmet.is_unknown) {
        renderer.show(Event::Note { text: unmet.words() });
    }
    renderer.finish();
    let around = Around {
        until: asked.until.as_deref(),
        ..Around::default()
    };
    let code = summary(setting, &workspace, &ended, &around)?;
    match ended.unmet.iter().find(|unmet| unmet.is_unknown) {
        Some(unmet) => Err(Failure::not_ready(unmet.words()).hint(unmet.remedy())),
        None => Ok(code),
    }
}

/// Prints how it ended, and what to do next.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn summary(
    setting: &Setting,
    workspace: &crate::workspace::Workspace,
    ended: &RunResult,
    around: &Around,
) -> Result<Code, Failure> {
    if let Some(WaitingFor::NotReady(message)) = &ended.waits {
        return Err(Failure::not_ready(message.clone()).hint("then `kaizen run` goes on"));
    }
    let code = match ended.waits {
        Some(_) => Code::WaitingForReview,
        None => code(ended.record.status),
    };
    if setting.is_json() {
        render::json(&serde_json::json!({
            "event": "result", "session": ended.session.id, "status": ended.record.status, "changed": ended.changed,
            "waits_for_release": ended.waits == Some(WaitingFor::Release),
            "waits_for_file": match ended.waits { Some(WaitingFor::Write(file)) => Some(file), _ => None },
            "record": ended.record
        }));
    } else {
        render::summary(workspace, ended, around)?;
    }
    Ok(code)
}

fn code(status: Status) -> Code {
    match status {
        Status::AwaitingReview => Code::WaitingForReview,
        Status::Failed => Code::Failed,
        _ => Code::Settled,
    }
}
