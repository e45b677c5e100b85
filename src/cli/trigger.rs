//! `kaizen trigger`: writes a file to `triggers/` that makes `kaizen watch` start a session.

use clap::Args;
use serde_json::{Map, Value};

use super::exit::{Code, CommandFailure};
use super::{Setting, render};
use crate::artifact::trigger::{Trigger, TriggerKind};
use crate::workspace::inbox;

/// Request a session with a file that `kaizen watch` picks up
#[derive(Clone, Debug, Args)]
pub(crate) struct TriggerArgs {
    /// A trace that went wrong, for the session to examine
    #[arg(long, value_name = "TRACE")]
    flag: Option<String>,
    /// The reason, for the record
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such trace, or the file cannot be written.
pub(crate) fn trigger(command: &TriggerArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace()?;
    let mut metadata: Map<String, Value> = Map::new();
    if let Some(trace_id) = &command.flag {
        let missing = || {
            CommandFailure::usage(format!("there is no trace `{trace_id}`"))
                .hint("`kaizen traces list` and `kaizen traces search` find them")
        };
        workspace.traces()?.get(trace_id)?.ok_or_else(missing)?;
        metadata.insert("trace_id".into(), trace_id.as_str().into());
    }
    metadata.extend(
        command
            .note
            .iter()
            .map(|note| ("note".to_owned(), note.as_str().into())),
    );
    let kind = match command.flag {
        Some(_) => TriggerKind::UserFlag,
        None => TriggerKind::OnDemand,
    };
    let trigger = Trigger::new(kind, metadata, workspace.clock.stamp());
    let name = inbox::drop_trigger(&workspace.root, &trigger)?;
    if setting.is_json() {
        render::json(&serde_json::json!({"file": format!("{}/{name}", inbox::FOLDER), "trigger": trigger}));
    } else {
        out!("{}/{name}; `kaizen watch` starts a session for it", inbox::FOLDER);
    }
    Ok(Code::Settled)
}
