//! `kaizen run`: starts or resumes a session, stops when nothing is stale, and lists unfinished sessions that it skips.

mod estimate;

use clap::Args;

use super::Setting;
use super::exit::{Code, CommandFailure};
use super::render::{self, Renderer, SummaryContext};
use crate::artifact::record::{Autonomy, SessionRecord, SessionStatus};
use crate::pipeline::advance::advance;
use crate::pipeline::options::{RunOptions, RunResult, WaitingFor};
use crate::workspace::event::Event;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, holdout_log, session};

/// Start or resume a session, and stop when nothing is stale
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunArgs {
    /// Resume this session instead of the newest one
    #[arg(value_name = "SESSION")]
    name: Option<String>,
    /// Resume this session instead of the newest one
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

/// Parses an autonomy mode.
///
/// # Errors
/// The text is not a mode.
pub(crate) fn autonomy(text: &str) -> Result<Autonomy, String> {
    serde_json::from_value(text.into()).map_err(|_| "must be auto, tiered or manual".to_owned())
}

/// Runs the command.
///
/// # Errors
/// The session cannot start, or a phase fails.
pub(crate) fn run(command: &RunArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    if command.estimate {
        let named = command.session.as_deref().or(command.name.as_deref());
        let there = (!command.new).then(|| setting.workspace_of(named)).transpose()?;
        estimate::print(there.as_ref().unwrap_or(&workspace), command, setting)?;
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
        ..RunOptions::default()
    };
    if let Some(text) = note(&workspace, &asked) {
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
    let around = SummaryContext {
        until: asked.until.as_deref(),
        ..SummaryContext::default()
    };
    // A session on a branch of its own is in another workspace.
    let there = (**ended.session.root() != *workspace.root).then(|| setting.workspace_of(Some(&ended.session.id)));
    let workspace = there.transpose()?.unwrap_or(workspace);
    let code = summary(setting, &workspace, &ended, &around)?;
    match ended.unmet.iter().find(|unmet| unmet.is_unknown) {
        Some(unmet) => Err(CommandFailure::not_ready(unmet.words()).hint(unmet.remedy())),
        None => Ok(code),
    }
}

/// Prints the result of a run and the next commands.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn summary(
    setting: &Setting,
    workspace: &Workspace,
    ended: &RunResult,
    around: &SummaryContext,
) -> Result<Code, CommandFailure> {
    if let Some(WaitingFor::NotReady(message)) = &ended.waits {
        return Err(CommandFailure::not_ready(message.clone()).hint("then `kaizen run` continues"));
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

fn code(status: SessionStatus) -> Code {
    match status {
        SessionStatus::AwaitingReview => Code::WaitingForReview,
        SessionStatus::Failed => Code::Failed,
        _ => Code::Settled,
    }
}

/// A note about unfinished sessions that this run does not resume. `None` without such sessions, or if the user chose a session.
fn note(workspace: &Workspace, asked: &RunOptions) -> Option<String> {
    if asked.session.is_some() {
        return None;
    }
    let mut unfinished = unfinished(workspace, asked.new)?.into_iter();
    let newest = unfinished.next()?;
    let (id, status) = (&newest.id, render::words(newest.status));
    let more = match unfinished.count() {
        0 => String::new(),
        more => format!("; {more} more are unfinished, see `kaizen status --all`"),
    };
    Some(format!(
        "{id} stopped while {status}: `kaizen run --session {id}` continues it{more}"
    ))
}

/// The records of the sessions that are still under way, newest first; without the newest session, unless it counts too.
/// Does not open sessions that finished, because there may be thousands.
fn unfinished(workspace: &Workspace, with_newest: bool) -> Option<Vec<SessionRecord>> {
    let is_under_way = |session: &Session| {
        let record = session.record().ok().flatten();
        record.filter(|record| record.status.is_under_way())
    };
    let mut branches = workspace.session_branches().ok()?;
    if !branches.is_empty() {
        if !with_newest {
            branches.pop();
        }
        let left = branches.iter().rev().map(|branch| &branch.session);
        let left = left.filter(|session| !session.path("checkpoints/record.json").is_file());
        return Some(left.filter_map(is_under_way).collect());
    }
    let mut left = workspace.session_names().ok()?;
    while !with_newest && let Some(name) = left.pop() {
        if session::find(&workspace.root, &name).ok()?.is_some() {
            break;
        }
    }
    let finished = |name: &String| {
        let path = format!("{}/{name}/checkpoints/record.json", session::FOLDER);
        workspace.root.stamp(&path).is_some()
    };
    let left = left.iter().rev().filter(|name| !finished(name));
    let left = left.filter_map(|name| session::find(&workspace.root, name).ok().flatten());
    Some(left.filter_map(|session| is_under_way(&session)).collect())
}
