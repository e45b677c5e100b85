//! `kaizen diff`: what a session changed in the harness, as one unified diff.

use anstyle::AnsiColor;
use clap::Args;

use super::accept::session_of;
use super::exit::{Code, Failure};
use super::style::Style;
use super::visible::visible;
use super::{Setting, render, terminal};
use crate::ledger::port::Ledger;
use crate::pipeline::execute;
use crate::workspace::Workspace;

/// Show what a session changed in the harness
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Diff {
    /// Show this session instead of the newest
    session: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such session, or its commits are no longer in the repository.
pub(crate) fn diff(command: &Diff, setting: &Setting) -> Result<Code, Failure> {
    let workspace = setting.workspace()?;
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
        // `git apply` wants the bytes as they are.
        terminal::exact(&text);
    } else {
        text.lines().for_each(|line| out!("{}", coloured(line)));
    }
    Ok(Code::Settled)
}

fn between(workspace: &Workspace, from: &str, to: &str) -> Result<String, Failure> {
    let select = |path: &str| workspace.selects(path);
    let at = |commit| {
        let harness = workspace.ledger.harness_at(commit, &select);
        harness.map_err(|error| {
            Failure::from(error).hint(format!(
                "was {commit} rebased away? `kaizen run` brings the record up to date"
            ))
        })
    };
    Ok(execute::diff(&at(from)?, &at(to)?))
}

/// A line of a diff in its colour, and safe to print; the first character says the same as the colour.
pub(crate) fn coloured(line: &str) -> String {
    let style = style(line);
    format!("{style}{}{style:#}", visible(line))
}

/// The colour of a line of a diff: of the basic eight, so that it shows on light and on dark.
pub(crate) fn style(line: &str) -> Style {
    match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Style::STRONG,
        [b'+', ..] => AnsiColor::Green.into(),
        [b'-', ..] => AnsiColor::Red.into(),
        [b'@', ..] => AnsiColor::Cyan.into(),
        _ => Style::PLAIN,
    }
}
