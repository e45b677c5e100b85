//! `kaizen report`: one HTML page with the history of the harness.

mod destination;
mod facts;
mod page;
pub(crate) mod request;
mod veil;

#[cfg(test)]
mod tests;

#[cfg(feature = "top")]
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use self::destination::Destination;
use self::facts::{HarnessReport, ReportScope};
#[cfg(feature = "serve")]
pub(crate) use self::page::policy::live_policy;
use super::Setting;
use super::accept::session_of;
use super::exit::{Code, CommandFailure};
use super::render;
#[cfg(any(feature = "serve", feature = "top"))]
use crate::workspace::Workspace;

/// Write an HTML page with scores, edits, and their evidence
///
/// It also shows which edit wrote each line of the harness. The page is one file that loads nothing. It counts gate tasks and shows none of them; traces, diffs and files are
/// redacted. Without -o, it is .kaizen/report.html, which git ignores. The command prints the path of the file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReportArgs {
    /// Show this session instead of the newest one
    #[arg(value_name = "SESSION")]
    session: Option<String>,
    /// Show all sessions
    #[arg(long, conflicts_with = "session")]
    all: bool,
    /// Write the page to this file; `-` writes it to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no such session, the workspace cannot be read, or the file cannot be written.
pub(crate) fn report(command: &ReportArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let workspace = setting.workspace_of(command.session.as_deref())?;
    let destination = Destination::new(command.output.as_deref(), setting, &workspace)?;
    let scope = match &command.session {
        Some(name) => ReportScope::Session(session_of(&workspace, Some(name))?.id),
        None if command.all => ReportScope::All,
        None => ReportScope::Newest,
    };
    let report = HarnessReport::of(&workspace, &scope)?;
    workspace.keep_history();
    let page = page::page(&report);
    let Some(path) = destination.write(&page)? else {
        return Ok(Code::Settled);
    };
    match setting.is_json() {
        true => render::json(&json!({"file": path.display().to_string(), "bytes": page.len()})),
        false => out!("{}", path.display()),
    }
    Ok(Code::Settled)
}

/// Writes the report of the newest session to its default place, and returns the path.
///
/// # Errors
/// As [`report`].
#[cfg(feature = "top")]
pub(crate) fn write_newest(workspace: &Workspace) -> Result<PathBuf, CommandFailure> {
    let path = workspace.shared(destination::DEFAULT);
    let report = HarnessReport::of(workspace, &ReportScope::Newest)?;
    workspace.checkout.publish(&path, page::page(&report).as_bytes())?;
    Ok(path)
}

/// The report of the newest session as a page that a server keeps up to date. `panel` is HTML; `state` names the state of
/// the report.
///
/// # Errors
/// As [`report`].
#[cfg(feature = "serve")]
pub(crate) fn live_page(workspace: &Workspace, panel: &str, state: &str) -> Result<String, CommandFailure> {
    let report = HarnessReport::of(workspace, &ReportScope::Newest)?;
    Ok(page::live_page(&report, panel, state))
}
