//! `kaizen explain`: why each phase of a session is fresh or stale, with full digests.

use clap::Args;

use super::Setting;
use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use super::render::{self, FAINT, STRONG};
use super::visible::visible;
use crate::artifact::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::pipeline::context::Context;
use crate::pipeline::freshness::{Freshness, StaleReason};
use crate::pipeline::next::{Next, next};
use crate::pipeline::state::{PhaseState, state};
use crate::pipeline::unmet;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Show why each phase of a session is fresh or stale
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ExplainArgs {
    /// Explain only this phase
    phase: Option<String>,
    /// Explain this session instead of the newest one
    #[arg(long)]
    session: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such phase or session, or a file that it depends on cannot be read.
pub(crate) fn explain(command: &ExplainArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let session = session_of(&workspace, command.session.as_deref())?;
    let (inputs, engines) = (Inputs::new(&workspace), workspace.engines());
    let context = Context::new(&workspace, &session, &inputs, &engines);
    let states = state(&context)?;
    let unmet = unmet::of(&workspace.manifest.phases(), &states, &session);
    let chosen = chosen(states, command.phase.as_deref())?;
    if !setting.is_json() {
        out!("{STRONG}{}{STRONG:#}", session.id);
    }
    let awaited = match next(&context, None) {
        Ok(Next::Write { file, phase }) => Some((phase, file)),
        _ => None,
    };
    for (phase, freshness) in &chosen {
        let file = awaited.iter().find(|(waits, _)| waits == phase).map(|(_, file)| *file);
        print(&session, phase, freshness, (file, setting));
        for unmet in unmet.iter().filter(|unmet| unmet.phase == *phase && !setting.is_json()) {
            out!("  {}", visible(&unmet.words()));
        }
    }
    Ok(Code::Settled)
}

fn chosen(phases: Vec<PhaseState>, name: Option<&str>) -> Result<Vec<PhaseState>, CommandFailure> {
    let Some(wanted) = name else { return Ok(phases) };
    let names: Vec<String> = phases.iter().map(|(name, _)| name.clone()).collect();
    let found: Vec<PhaseState> = phases.into_iter().filter(|(name, _)| name == wanted).collect();
    if found.is_empty() {
        let phase = wanted.to_owned();
        return Err(RunError::NoSuchPhase { phase, known: names }.into());
    }
    Ok(found)
}

fn print(session: &Session, phase: &str, freshness: &Freshness, (awaited, setting): (Option<&str>, &Setting)) {
    let checkpoint = session.checkpoint(phase);
    if setting.is_json() {
        let (session, state) = (&session.id, freshness);
        let mut value = serde_json::json!({"session": session, "phase": phase, "checkpoint": checkpoint, "waits_for_file": awaited});
        if let (Some(object), Ok(serde_json::Value::Object(state))) =
            (value.as_object_mut(), serde_json::to_value(state))
        {
            object.extend(state);
        }
        return render::json(&value);
    }
    let (word, _) = super::status::words(freshness);
    out!("\n{STRONG}{phase}{STRONG:#} is {word}");
    match freshness {
        Freshness::Fresh { edited } => {
            edited.iter().for_each(|name| {
                out!("  {name} was changed since then, by you or by `kaizen revert`; the changed version is used")
            });
            checkpoint.iter().for_each(vouches);
        }
        Freshness::Stale { reasons } => reasons.iter().for_each(reason),
        Freshness::Kept { reasons, edited } => {
            reasons.iter().for_each(reason);
            out!(
                "  {} was edited by hand, so this phase runs again only on request:",
                edited.join(", ")
            );
            out!("  kaizen run --redo {phase}   # moves the edited version to attic/");
        }
        Freshness::Blocked { missing } => out!("  it waits for {}", missing.join(", ")),
    }
    if let Some(file) = awaited {
        out!(
            "  it waits for a person or an agent to write {}/{file}",
            session.relative()
        );
    }
}

fn reason(reason: &StaleReason) {
    match reason {
        StaleReason::NeverFinished | StaleReason::WriteMissing { .. } => out!("  {reason}"),
        StaleReason::DefinitionChanged { was, now } => {
            change(
                "the phase's definition (stanza, settings, engine)",
                Some(was),
                Some(now),
            );
        }
        StaleReason::ReadChanged { name, was, now } => change(name, was.as_ref(), now.as_ref()),
    }
}

fn change(name: &str, was: Option<&Digest>, now: Option<&Digest>) {
    let shown = |digest: Option<&Digest>| digest.map_or("absent".to_owned(), ToString::to_string);
    out!("  {name} changed\n    was {}\n    now {}", shown(was), shown(now));
}

fn vouches(checkpoint: &Checkpoint) {
    let Checkpoint {
        definition,
        reads,
        writes,
        ..
    } = checkpoint;
    out!("  {:<9}{FAINT}{definition}{FAINT:#}", "is");
    for (word, files) in [("reads", reads), ("writes", writes)] {
        for (name, digest) in files {
            out!("  {word:<9}{FAINT}{digest}{FAINT:#}  {name}");
        }
    }
}
