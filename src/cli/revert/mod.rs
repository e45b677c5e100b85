//! `kaizen revert`: reverts an applied edit, or all applied edits of a session, in a new commit.

pub(crate) mod target;

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use self::target::RevertTarget;
use super::Setting;
use super::diff::coloured;
use super::exit::{Code, CommandFailure};
use super::render::{self, Renderer};
use crate::artifact::outcome::RolledBackBy;
use crate::artifact::short_id;
use crate::digest::Digest;
use crate::harness::rederive::Conflict;
use crate::ledger::port::{Ledger, LedgerEntry};
use crate::maintenance::revert;
use crate::maintenance::revert::RevertPreview;
use crate::pipeline::branch;
use crate::pipeline::execute;
use crate::pipeline::options::RunResult;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// Revert an applied edit, or all applied edits of a session
#[derive(Clone, Debug, Args)]
pub(crate) struct RevertArgs {
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
/// There is no such applied edit, its session is not settled, or later changes depend on it.
pub(crate) fn revert(command: &RevertArgs, setting: &Setting) -> Result<Code, CommandFailure> {
    let find = |workspace: &Workspace| target::find(workspace, &command.what, command.session.as_deref());
    let mut workspace = setting.workspace_with(&|workspace| Ok(find(workspace).is_ok()))?;
    workspace.holder = "kaizen revert";
    let target = find(&workspace)?;
    if target.edits.is_empty() {
        return already(&workspace, &target, command.dry_run, setting);
    }
    if workspace.works_on_branches() && !command.dry_run {
        // It is merged, so its revert needs a branch as well.
        workspace = branch::reopen(&workspace, &target.session)?;
    }
    let target = find(&workspace)?;
    let dropped: BTreeSet<Digest> = target.edits.keys().copied().collect();
    check_settled(&workspace, &target, &dropped)?;
    if command.dry_run {
        let preview = revert::preview(&workspace, &target.session, &dropped).map_err(refused(&workspace))?;
        print_preview(&target, &preview, setting);
        return Ok(Code::Settled);
    }
    workspace.ledger.check_branch()?;
    let before = workspace.ledger.head()?;
    let renderer = Renderer::new(setting.format);
    let show = |event| renderer.show(event);
    let ended = revert::revert_edits(&workspace, &target.session, &dropped, RolledBackBy::Revert, &show);
    renderer.finish();
    print(
        &workspace,
        &target,
        &ended.map_err(refused(&workspace))?,
        before.as_deref(),
        setting,
    )?;
    Ok(Code::Settled)
}

fn check_settled(
    workspace: &Workspace,
    target: &RevertTarget,
    dropped: &BTreeSet<Digest>,
) -> Result<(), CommandFailure> {
    let session = &target.session;
    // The edits already left the plan: an interrupted revert is resumed.
    if revert::left_the_plan(session, dropped)? {
        return Ok(());
    }
    match revert::unsettled(workspace, session)? {
        None => Ok(()),
        Some(why) => Err(
            CommandFailure::not_ready(format!("{} is not settled: {why}", session.id)).hint(format!(
                "`kaizen run --session {}` settles it; then run this again",
                session.id
            )),
        ),
    }
}

/// Maps a conflict to a failure with a remedy. After a conflict nothing was written, and the edit is still in the plan.
fn refused(workspace: &Workspace) -> impl Fn(RunError) -> CommandFailure + '_ {
    |error| match &error {
        RunError::Conflict(conflict) => CommandFailure::failed(format!("{}; nothing was written", conflict.what()))
            .hint(remedy(
                conflict,
                workspace.root.is_taken(&conflict.path).unwrap_or(true),
            )),
        _ => error.into(),
    }
}

fn remedy(conflict: &Conflict, is_there: bool) -> String {
    match &conflict.later {
        Some(later) => format!("revert that one first: {}", later.command()),
        None if !is_there => format!(
            "{} is gone; if it was renamed, undo the edit in the file that replaces it, and commit it",
            conflict.path
        ),
        None => format!(
            "`kaizen blame {path}` shows who changed it; edit {path} yourself and commit it",
            path = conflict.path
        ),
    }
}

/// Reports that nothing is left to revert, after completing an earlier revert that was interrupted after its commit.
fn already(
    workspace: &Workspace,
    target: &RevertTarget,
    dry_run: bool,
    setting: &Setting,
) -> Result<Code, CommandFailure> {
    let session = &target.session;
    let mut unsettled = revert::unsettled(workspace, session)?;
    let is_open = unsettled.is_some() || revert::is_uncommitted(workspace, session)?;
    if is_open && !dry_run && revert::is_interrupted(workspace, session)? {
        let renderer = Renderer::new(setting.format);
        let ended = revert::complete(workspace, session, RolledBackBy::Revert, &|event| renderer.show(event));
        renderer.finish();
        ended.map_err(refused(workspace))?;
        unsettled = revert::unsettled(workspace, session)?;
    }
    if setting.is_json() {
        render::json(&json!({
            "event": "reverted", "session": session.id, "edits": [], "changed": false, "note": target.already,
            "unsettled": unsettled
        }));
        return Ok(Code::Settled);
    }
    out!("{}.", target.already);
    if let Some(why) = unsettled {
        out!("{why}; `kaizen run --session {}` continues it", session.id);
    }
    Ok(Code::Settled)
}

fn names(target: &RevertTarget) -> String {
    let labels: Vec<&str> = target.edits.values().map(String::as_str).collect();
    labels.join(", ")
}

fn print_preview(target: &RevertTarget, preview: &RevertPreview, setting: &Setting) {
    let diff = execute::diff(&preview.before, &preview.after.harness);
    let stranded = &preview.after.stranded;
    if setting.is_json() {
        return render::json(&json!({
            "event": "would_revert", "session": target.session.id, "edits": digests(target), "diff": diff,
            "stranded": stranded.iter().map(|(digest, reason)| json!({"edit_digest": digest, "reason": reason})).collect::<Vec<_>>()
        }));
    }
    err!("Without {} of {}:", names(target), target.session.id);
    for (digest, reason) in stranded {
        err!("note: {} would be left out (stranded): {reason}", digest.short());
    }
    if diff.is_empty() {
        err!("the harness would not change: later changes replaced what the edit wrote");
    }
    diff.lines().for_each(|line| out!("{}", coloured(line)));
}

fn digests(target: &RevertTarget) -> Vec<String> {
    target.edits.keys().map(Digest::to_string).collect()
}

fn print(
    workspace: &Workspace,
    target: &RevertTarget,
    ended: &RunResult,
    before: Option<&str>,
    setting: &Setting,
) -> Result<(), CommandFailure> {
    let takes_back = |entry: &LedgerEntry| entry.trailers.iter().any(|(key, _)| key == "Reverts-Edit");
    let commit = workspace.ledger.entries(before)?.into_iter().rev().find(takes_back);
    let commit = commit.map(|entry| entry.commit);
    if setting.is_json() {
        render::json(&json!({
            "event": "reverted", "session": target.session.id, "edits": digests(target), "changed": true,
            "commit": commit, "status": ended.record.status, "record": ended.record
        }));
        return Ok(());
    }
    let how = match commit {
        Some(commit) => format!("in commit {}", short_id(&commit)),
        None => "without a commit: no file had to change".to_owned(),
    };
    out!("{} of {} reverted {how}.", names(target), target.session.id);
    if ended.record.benchmark_after.is_some() {
        out!(
            "The session keeps the scores that were measured; `kaizen eval --split gate` measures the agent as it is now."
        );
    }
    render::scores(&ended.session, &ended.record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_cannot_be_edited() {
        let conflict = Conflict {
            path: "agents/a/system_prompt.md".to_owned(),
            later: None,
        };
        assert!(remedy(&conflict, true).contains("kaizen blame agents/a/system_prompt.md"));
        assert!(remedy(&conflict, false).starts_with("agents/a/system_prompt.md is gone; if it was renamed"));
    }
}
