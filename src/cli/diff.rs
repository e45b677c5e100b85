//! `kaizen diff`: shows what a session changed in the harness, as one unified diff.

use anstyle::AnsiColor;
use clap::Args;

use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use super::style::Style;
use super::visible::visible;
use super::{Setting, render, terminal};
use crate::ledger::port::{Ledger, LedgerError};
use crate::pipeline::execute;
use crate::workspace::Workspace;

/// Show what a session changed in the harness
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DiffArgs {
    /// Show this session instead of the newest one
    session: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such session, or its commits are no longer in the repository.
pub(crate) fn diff(command: &DiffArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let session = session_of(&workspace, command.session.as_deref())?;
    let record = session.record()?;
    let (from, to) = record.map_or((None, None), |record| {
        (record.git_checkpoint_pre, record.git_checkpoint_post)
    });
    let text = match (&from, &to) {
        (Some(from), Some(to)) => between(&workspace, from, to)?,
        _ => String::new(),
    };
    if setting.is_json() {
        render::json(&serde_json::json!({"session": session.id, "from": from, "to": to, "diff": text}));
    } else if text.is_empty() {
        err!("{} changed nothing in the harness", session.id);
    } else if !terminal::is_out_watched() {
        // Byte for byte, so that `git apply` accepts it.
        terminal::exact(&text);
    } else {
        text.lines().for_each(|line| out!("{}", coloured(line)));
    }
    Ok(Code::Settled)
}

fn between(workspace: &Workspace, from: &str, to: &str) -> Result<String, CommandFailure> {
    let select = |path: &str| workspace.selects(path);
    let at = |commit| {
        let harness = workspace.ledger.harness_at(commit, &select);
        harness.map_err(|error| match error {
            LedgerError::NoCommit(_) => {
                CommandFailure::from(error).hint(format!("was {commit} rebased away? `kaizen run` updates the record"))
            }
            other => other.into(),
        })
    };
    Ok(execute::diff(&at(from)?, &at(to)?))
}

/// A coloured line of a diff, escaped. The first character has the same meaning, so nothing depends on colour.
pub(crate) fn coloured(line: &str) -> String {
    let style = style(line);
    format!("{style}{}{style:#}", visible(line))
}

/// The colour of a line of a diff, one of the basic eight, so that it is readable on light and dark backgrounds.
pub(crate) fn style(line: &str) -> Style {
    match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Style::STRONG,
        [b'+', ..] => AnsiColor::Green.into(),
        [b'-', ..] => AnsiColor::Red.into(),
        [b'@', ..] => AnsiColor::Cyan.into(),
        _ => Style::PLAIN,
    }
}
