//! Transactions over several files: each is announced in kaizen's own folder before the first write. After a crash, the
//! next command undoes a write of harness files and completes a refresh.

use serde::{Deserialize, Serialize};

use super::event::{Event, Listener};
use crate::artifact::Artifact;
use crate::artifact::holdout_use::{HoldoutUse, RefreshLine};
use crate::artifact::intent::{IntendedFile, WriteIntent};
use crate::digest::Digest;
use crate::harness::{FileChange, Harness};
use crate::ledger::FileState;
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::sys::disk::Lock;
use crate::sys::{disk, output};
use crate::workspace::error::RunError;
use crate::workspace::session::SessionError;
use crate::workspace::{Workspace, holdout_log, schema_line};

/// The lock of the workspace, which also says what its holder does.
pub(crate) const LOCK: &str = "lock";
/// The announcement of a write of harness files.
pub(crate) const INTENT: &str = "intent.json";

/// Locks the workspace, then undoes or completes interrupted transactions.
///
/// # Errors
/// Another process holds the lock, or see [`recover`].
pub(crate) fn enter(workspace: &Workspace, listener: Listener) -> Result<Lock, RunError> {
    let lock = alone(workspace)?;
    recover_all(workspace, listener)?;
    Ok(lock)
}

/// Undoes or completes the interrupted transactions of a workspace that this process has locked.
///
/// # Errors
/// A person edited a file since, or git or the file system fails.
pub(crate) fn recover_all(workspace: &Workspace, listener: Listener) -> Result<(), RunError> {
    workspace.root.remove_leftovers()?;
    let note = |text: &str| listener(Event::Note { text: text.into() });
    if recover(workspace)? {
        note("an interrupted write was undone");
    }
    if finish_refresh(workspace)?.is_some() {
        note("an interrupted `kaizen bench refresh` was completed");
    }
    Ok(workspace.root.forget_copies()?)
}

/// Locks the workspace.
///
/// # Errors
/// Another process holds the lock.
pub(crate) fn alone(workspace: &Workspace) -> Result<Lock, RunError> {
    Ok(workspace
        .checkout
        .lock_within(workspace.shared(LOCK), &workspace.process(), workspace.patience)?)
}

/// Announces a write of harness files.
///
/// # Errors
/// The intent cannot be written.
pub(crate) fn announce(workspace: &Workspace, session: &str, changes: &[FileChange]) -> Result<(), RunError> {
    let digest = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(Digest::of_bytes);
    let file = |change: &FileChange| IntendedFile {
        path: change.path.clone(),
        before: digest(&change.before),
        after: digest(&change.after),
    };
    let intent = WriteIntent {
        version: 1,
        session_id: session.to_owned(),
        files: changes.iter().map(file).collect(),
        extra: Default::default(),
    };
    let text = intent.to_text();
    let text = schema_line::stored(&workspace.root, &text)?;
    Ok(workspace.root.publish(workspace.own(INTENT), text.as_bytes())?)
}

/// Ends a write of harness files, once its commit exists.
///
/// # Errors
/// The intent cannot be removed.
pub(crate) fn end(workspace: &Workspace) -> Result<(), RunError> {
    Ok(workspace.root.remove(workspace.own(INTENT))?)
}

/// Restores announced files to their content at HEAD, unless a person has edited them since.
///
/// # Errors
/// A file matches neither the state before the write nor the state after it: a person edited it.
pub(crate) fn recover(workspace: &Workspace) -> Result<bool, RunError> {
    let path = workspace.own(INTENT);
    let Some(text) = workspace.root.read_text(&path)? else {
        return Ok(false);
    };
    let intent = WriteIntent::from_text(&path, &text).map_err(SessionError::from)?;
    let head = match workspace.ledger.head()? {
        Some(commit) => workspace.ledger.harness_at(&commit, &|path| workspace.selects(path))?,
        None => Harness::default(),
    };
    for file in &intent.files {
        restore(workspace, file, &head)?;
    }
    // Changes staged for the missing commit would look like the user's changes.
    let paths: Vec<String> = intent.files.iter().map(|file| file.path.clone()).collect();
    workspace.ledger.unstage(&paths)?;
    workspace.root.remove(&path)?;
    Ok(true)
}

fn restore(workspace: &Workspace, file: &IntendedFile, head: &Harness) -> Result<(), RunError> {
    let path = workspace.root.join(&file.path);
    let live = workspace.root.read(&path)?;
    let at_head = head.get(&file.path);
    if live.as_deref() == at_head {
        return Ok(());
    }
    let digest = live.as_deref().map(Digest::of_bytes);
    let is_theirs = digest != file.before && digest != file.after;
    let interrupted = match file.before {
        Some(before) if workspace.root.has_copy_of(before)? => Some(before),
        _ => None,
    };
    if is_theirs {
        // A mounted file is written in place, so it may hold a mixture. A person may have edited it since.
        let (Some(_), Some(live)) = (interrupted, &live) else {
            return Err(RunError::Dirty(vec![file.path.clone()]));
        };
        let kept = format!("mounted/{}.kept", Digest::of_bytes(live));
        workspace.root.publish(workspace.own(&kept), live)?;
    }
    match at_head {
        Some(bytes) => workspace.root.publish(&path, bytes)?,
        None => workspace.root.remove_with_folders(&path)?,
    }
    if let Some(before) = interrupted {
        workspace.root.forget_copy_of(before);
    }
    Ok(())
}

/// The announcement of a refresh, in kaizen's own folder.
const REFRESH: &str = "refresh.json";

/// A file with its new text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaskFileChange {
    /// Relative to the workspace.
    pub path: String,
    before: Digest,
    text: String,
}

/// All writes of a refresh.
#[derive(Serialize, Deserialize)]
struct RefreshIntent {
    line: RefreshLine,
    files: Vec<TaskFileChange>,
}

impl TaskFileChange {
    pub(crate) fn new(path: &str, before: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            before: Digest::of_bytes(before.as_bytes()),
            text,
        }
    }
}

/// Copies the files that git ignores, because git cannot restore them. Files with uncommitted changes are refused,
/// because the changes are the user's.
///
/// # Errors
/// A file has uncommitted changes, or git or the file system fails.
pub(crate) fn keep_ignored(workspace: &Workspace, changes: &[TaskFileChange]) -> Result<Vec<String>, RunError> {
    let mut dirty = Vec::new();
    let mut copies = Vec::new();
    for TaskFileChange { path, .. } in changes {
        let states = workspace.ledger.status(std::slice::from_ref(path))?;
        match states.first().map(|file| file.state) {
            None => {}
            Some(FileState::Ignored) => copies.push(path),
            Some(FileState::Changed | FileState::Untracked) => dirty.push(path.clone()),
        }
    }
    if !dirty.is_empty() {
        return Err(RunError::Dirty(dirty));
    }
    let copy = |path: &String| {
        let bytes = workspace.root.read(path)?.unwrap_or_default();
        let end = format!(".{}.old", Digest::of_bytes(&bytes).short());
        let end = output::keep_copy(&workspace.root, path.as_ref(), &end, &bytes)?;
        Ok(format!("{path}{end}"))
    };
    copies.into_iter().map(copy).collect()
}

/// Announces and makes a refresh; returns its commit, if there was anything to commit.
pub(crate) fn write_refresh(
    workspace: &Workspace,
    line: RefreshLine,
    files: Vec<TaskFileChange>,
) -> Result<Option<String>, RunError> {
    let intent = RefreshIntent { line, files };
    let text = serde_json::to_vec_pretty(&intent).expect("an announcement has string keys");
    workspace.root.publish(workspace.own(REFRESH), &text)?;
    complete_refresh(workspace, &intent)
}

/// Completes an interrupted refresh and returns it. A file that was changed since is not overwritten.
///
/// # Errors
/// A file was changed since, or git or the file system fails.
pub(crate) fn finish_refresh(workspace: &Workspace) -> Result<Option<RefreshLine>, RunError> {
    let path = workspace.own(REFRESH);
    let Some(text) = workspace.root.read_text(&path)? else {
        return Ok(None);
    };
    let unreadable = |error| RunError::Store(format!("{}: {error}; remove that file", path.display()));
    let intent: RefreshIntent = serde_json::from_str(&text).map_err(unreadable)?;
    complete_refresh(workspace, &intent)?;
    Ok(Some(intent.line))
}

fn complete_refresh(workspace: &Workspace, intent: &RefreshIntent) -> Result<Option<String>, RunError> {
    intent
        .files
        .iter()
        .try_for_each(|file| publish_tasks(workspace, file))?;
    holdout_log::record(workspace, &HoldoutUse::Refresh(intent.line.clone()))?;
    let commit = commit_refresh(workspace, intent)?;
    workspace.root.remove(workspace.own(REFRESH))?;
    Ok(commit)
}

fn publish_tasks(workspace: &Workspace, file: &TaskFileChange) -> Result<(), RunError> {
    let path = workspace.root.join(&file.path);
    let present = workspace.root.read(&path)?;
    let after = file.text.as_bytes();
    if present.as_deref() == Some(after) {
        return Ok(());
    }
    let is_before = present.as_deref().map(Digest::of_bytes) == Some(file.before);
    if is_before && workspace.root.publish_over(&path, after, present.as_deref())? {
        return Ok(());
    }
    Err(RunError::RefreshInterrupted {
        path: file.path.clone(),
        intent: workspace.own(REFRESH).display().to_string(),
    })
}

/// Commits the task files that git does not ignore, with the log of consultations if sessions are committed.
fn commit_refresh(workspace: &Workspace, intent: &RefreshIntent) -> Result<Option<String>, RunError> {
    let mut paths: Vec<String> = intent.files.iter().map(|file| file.path.clone()).collect();
    if workspace.manifest.ledger.commit_sessions {
        paths.extend(holdout_log::uncommitted(workspace)?);
    }
    let states = workspace.ledger.status(&paths)?;
    paths.retain(|path| {
        let of_path = |state: FileState| states.iter().any(|file| file.path == *path && file.state == state);
        of_path(FileState::Changed) || of_path(FileState::Untracked)
    });
    if paths.is_empty() {
        return Ok(None);
    }
    disk::effect("commit refresh");
    Ok(Some(workspace.ledger.commit(
        &paths,
        &refresh_message(workspace.ledger.subject(), &intent.line),
    )?))
}

/// The commit message; it has no session, because no session makes this commit.
fn refresh_message(form: &str, line: &RefreshLine) -> String {
    let RefreshLine { retired, drawn, .. } = line;
    let body = format!(
        "Retired into train: {}.\nDrawn for the gate: {}.",
        retired.join(", "),
        drawn.join(", ")
    );
    let trailers = [
        ("Tasks-Retired", retired.len().to_string()),
        ("Tasks-Drawn", drawn.len().to_string()),
    ];
    message(form, "refresh the gate split", &body, &trailers)
}
