//! `kaizen revert`: take back an applied edit, or all that a session applied, in a new commit.

pub(crate) mod which;

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use self::which::Wanted;
use super::Setting;
use super::diff::coloured;
use super::exit::{Code, Failure};
use super::render::{self, Renderer};
use crate::digest::Digest;
use crate::harness::rederive::Conflict;
use crate::ledger::port::{Entry, Ledger};
use crate::maintenance::take_back;
use crate::maintenance::take_back::Preview;
use crate::pipeline::execute;
use crate::pipeline::options::RunResult;
use crate::workspace::Workspace;
use crate::workspace::error::{ExecuteError, RunError};

/// Revert an applied edit, or all applied edits of a session
#[derive(Clone, Debug, Args)]
pub(crate) struct Revert {
    /// An edit (its label, or at least four digits of its digest), or a session, for all its applied edits
    #[arg(value_name = "EDIT|SESSION")]
    what: String,
    /// Look for the edit in this session
    #[arg(long, value_name = "SESSION")]
    session: Option<String>,
    /// Print the diff that would be committed, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// There is no such applied edit, its session is not settled, or something later rests on it.
pub(crate) fn revert(command: &Revert, setting: &Setting) -> Result<Code, Failure> {
    let mut workspace = setting.workspace()?;
    workspace.holder = "kaizen revert";
    let wanted = which::find(&workspace, &command.what, command.session.as_deref())?;
    if wanted.edits.is_empty() {
        return already(&workspace, &wanted, setting);
    }
    let dropped: BTreeSet<Digest> = wanted.edits.keys().copied().collect();
    check_settled(&workspace, &wanted, &dropped)?;
    if command.dry_run {
        let preview = take_back::preview(&workspace, &wanted.session, &dropped).map_err(refused)?;
        print_preview(&wanted, &preview, setting);
        return Ok(Code::Settled);
    }
    let before = workspace.ledger.head()?;
    let renderer = Renderer::new(setting.format);
    let ended = take_back::take_back(&workspace, &wanted.session, &dropped, &|event| renderer.show(event));
    renderer.finish();
    print(
        &workspace,
        &wanted,
        &ended.map_err(refused)?,
        before.as_deref(),
        setting,
    )?;
    Ok(Code::Settled)
}

fn check_settled(workspace: &Workspace, wanted: &Wanted, dropped: &BTreeSet<Digest>) -> Result<(), Failure> {
    let session = &wanted.session;
    // A take-back that was cut short is gone on with.
    if take_back::left_the_plan(session, dropped)? {
        return Ok(());
    }
    match take_back::unsettled(workspace, session)? {
        None => Ok(()),
        Some(why) => Err(
            Failure::not_ready(format!("{} is not settled: {why}", session.id)).hint(format!(
                "`kaizen run --session {}` settles it; then revert again",
                session.id
            )),
        ),
    }
}

/// A conflict is a refusal: nothing was written, and the plan still has the edit.
fn refused(error: RunError) -> Failure {
    match &error {
        RunError::Execute(ExecuteError::Conflict(conflict)) => {
            Failure::failed(format!("{}; nothing was written", conflict.what())).hint(remedy(conflict))
        }
        _ => error.into(),
    }
}

fn remedy(conflict: &Conflict) -> String {
    match &conflict.later {
        Some(later) => format!("take that one back first: {}", later.command()),
        None => format!(
            "`kaizen blame {path}` says who; change {path} yourself, and commit it",
            path = conflict.path
        ),
    }
}

fn already(workspace: &Workspace, wanted: &Wanted, setting: &Setting) -> Result<Code, Failure> {
    let session = &wanted.session;
    let unsettled = take_back::unsettled(workspace, session)?;
    if setting.is_json() {
        render::json(&json!({
            "event": "reverted", "session": session.id, "edits": [], "changed": false, "note": wanted.already,
            "unsettled": unsettled
        }));
        return Ok(Code::Settled);
    }
    out!("{}.", wanted.already);
    if let Some(why) = unsettled {
        out!("{why}; `kaizen run --session {}` continues it", session.id);
    }
    Ok(Code::Settled)
}

fn names(wanted: &Wanted) -> String {
    let labels: Vec<&str> = wanted.edits.values().map(String::as_str).collect();
    labels.join(", ")
}

fn print_preview(wanted: &Wanted, preview: &Preview, setting: &Setting) {
    let diff = execute::diff(&preview.before, &preview.after.harness);
    let stranded = &preview.after.stranded;
    if setting.is_json() {
        return render::json(&json!({
            "event": "would_revert", "session": wanted.session.id, "edits": digests(wanted), "diff": diff,
            "stranded": stranded.iter().map(|(digest, reason)| json!({"edit_digest": digest, "reason": reason})).collect::<Vec<_>>()
        }));
    }
    err!("Without {} of {}:", names(wanted), wanted.session.id);
    for (digest, reason) in stranded {
        err!("note: {} would be stranded: {reason}", digest.short());
    }
    if diff.is_empty() {
        err!("the harness stays as it is: it was undone by hand");
    }
    diff.lines().for_each(|line| out!("{}", coloured(line)));
}

fn digests(wanted: &Wanted) -> Vec<String> {
    wanted.edits.keys().map(Digest::to_string).collect()
}

fn print(
    workspace: &Workspace,
    wanted: &Wanted,
    ended: &RunResult,
    before: Option<&str>,
    setting: &Setting,
) -> Result<(), Failure> {
    let takes_back = |entry: &Entry| entry.trailers.iter().any(|(key, _)| key == "Reverts-Edit");
    let commit = workspace.ledger.entries(before)?.into_iter().rev().find(takes_back);
    let commit = commit.map(|entry| entry.commit);
    if setting.is_json() {
        render::json(&json!({
            "event": "reverted", "session": wanted.session.id, "edits": digests(wanted), "changed": true,
            "commit": commit, "status": ended.record.status, "record": ended.record
        }));
        return Ok(());
    }
    let how = match commit {
        Some(commit) => format!("in commit {}", &commit[..commit.len().min(8)]),
        None => "without a commit: no file had to change".to_owned(),
    };
    out!("{} of {} taken back {how}.", names(wanted), wanted.session.id);
    render::scores(&ended.record);
    Ok(())
}
