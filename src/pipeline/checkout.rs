//! Checks before a run that its commits can be made, so that nothing is spent on a run that could not keep its result, and
//! commits the user's own changes first if the run is to adopt them.

use crate::artifact::{after, error_budget, screening};
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::manifest;
use crate::pipeline::options::RunOptions;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::{Inputs, check_agreement, user_changes};
use crate::workspace::session::{PENDING, Session, TRIGGER};

/// The built-in phases after which nothing is committed if a run stops there.
const UNCOMMITTED: [&str; 4] = ["readiness", "baseline", "diagnose", "plan"];

/// Checks that a run of a session may commit, and that git would record all files of the session.
///
/// # Errors
/// No branch is checked out, git ignores a file of the session, or git fails.
pub(super) fn check(workspace: &Workspace, asked: &RunOptions, session: &Session) -> Result<(), RunError> {
    let commits = |until: &String| !UNCOMMITTED.contains(&until.as_str());
    if asked.until.as_ref().is_none_or(commits) {
        workspace.ledger.check_branch()?;
    }
    if !workspace.manifest.ledger.commit_sessions {
        return Ok(());
    }
    let phases = workspace.manifest.phases();
    let own = [
        TRIGGER,
        "session.json",
        after::FILE,
        error_budget::FILE,
        screening::FILE,
        "checkpoints/record.json",
        PENDING,
    ];
    let written = phases
        .values()
        .flat_map(|stanza| stanza.writes.iter().map(String::as_str));
    let path = |name: &str| match name.ends_with('/') {
        // The names in a folder are digests of edits.
        true => format!("{}/{name}edit.json", session.relative()),
        false => format!("{}/{name}", session.relative()),
    };
    let paths: Vec<String> = own.into_iter().chain(written).map(path).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    Ok(workspace.ledger.check_recordable(&paths)?)
}

/// The files besides the harness that belong in the first commit of a repository: a clone needs the manifest and the
/// tasks. Traces are private.
///
/// # Errors
/// A file of tasks cannot be read, or git fails.
pub(super) fn other_first_files(workspace: &Workspace) -> Result<Vec<String>, RunError> {
    let mut paths: Vec<String> = Vec::new();
    for name in [manifest::FILE, ".gitignore"] {
        if workspace.root.is_taken(name)? {
            paths.push(name.to_owned());
        }
    }
    let tasks = workspace.task_files()?;
    paths.extend(tasks.iter().filter_map(|file| file.relative_to(&workspace.root)));
    let names: Vec<&str> = paths.iter().map(String::as_str).collect();
    let ignored = workspace.ledger.ignored(&names)?;
    paths.retain(|path| !ignored.contains(path));
    Ok(paths)
}

/// Commits the user's uncommitted changes to the harness separately if the run is to adopt them; returns whether it did.
/// Without changes, checks that the disk agrees with HEAD.
///
/// # Errors
/// There are changes and the run is not to adopt them, the disk differs from HEAD otherwise, or git fails.
pub(super) fn settle_user_changes(
    workspace: &Workspace,
    inputs: &Inputs,
    adopt: bool,
    listener: Listener,
) -> Result<bool, RunError> {
    let harness = workspace.harness()?;
    let dirty = user_changes(workspace, inputs, &harness)?;
    if dirty.is_empty() {
        return check_agreement(workspace, inputs, &harness).map(|()| false);
    }
    if !adopt {
        return Err(RunError::Dirty(dirty));
    }
    let mut paths = dirty.clone();
    if inputs.head()?.is_none() {
        paths.extend(other_first_files(workspace)?);
    }
    let commit = workspace.ledger.commit(
        &paths,
        &message(
            workspace.ledger.subject(),
            "adopt the user's changes",
            &dirty.join("\n"),
            &[],
        ),
    )?;
    listener(Event::Note {
        text: format!("your changes were committed as {}", &commit[..commit.len().min(10)]),
    });
    Ok(true)
}
