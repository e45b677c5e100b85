//! Written: the files of a refresh, its line and its commit, which stand together or are completed by the next command.

use serde::{Deserialize, Serialize};

use crate::artifact::consultation::{self, Consultation, RefreshLine};
use crate::digest::Digest;
use crate::ledger::FileState;
use crate::ledger::message::message;
use crate::ledger::port::Ledger;
use crate::sys::{disk, output};
use crate::workspace::error::RunError;
use crate::workspace::{Workspace, holdout_log};

/// The announcement of a refresh, in kaizen's own folder.
const INTENT: &str = "refresh.json";

/// A file with its new text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Relative to the workspace.
    pub path: String,
    before: Digest,
    text: String,
}

/// Everything that is to be written.
#[derive(Serialize, Deserialize)]
struct Intent {
    line: RefreshLine,
    files: Vec<Change>,
}

impl Change {
    pub(crate) fn new(path: &str, before: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            before: Digest::of_bytes(before.as_bytes()),
            text,
        }
    }
}

/// Copies of the files that git ignores: it does not hold what stood there. Files that hold uncommitted changes are
/// refused: those are the user's.
///
/// # Errors
/// Files hold uncommitted changes, or git or the file system says no.
pub(crate) fn keep_ignored(workspace: &Workspace, changes: &[Change]) -> Result<Vec<String>, RunError> {
    let mut dirty = Vec::new();
    let mut copies = Vec::new();
    for Change { path, .. } in changes {
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

/// Announces the refresh, and makes it; tells the commit.
pub(crate) fn write(workspace: &Workspace, line: RefreshLine, files: Vec<Change>) -> Result<Option<String>, RunError> {
    let intent = Intent { line, files };
    let text = serde_json::to_vec_pretty(&intent).unwrap_or_default();
    workspace.root.publish(workspace.own(INTENT), &text)?;
    complete(workspace, &intent)
}

/// Completes a refresh that was cut short, and tells which; a file that somebody changed since stays as it is.
///
/// # Errors
/// A file was changed meanwhile, or git or the file system says no.
pub(crate) fn finish(workspace: &Workspace) -> Result<Option<RefreshLine>, RunError> {
    let path = workspace.own(INTENT);
    let Some(text) = workspace.root.read_text(&path)? else {
        return Ok(None);
    };
    let unreadable = |error| RunError::Store(format!("{}: {error}; remove that file", path.display()));
    let intent: Intent = serde_json::from_str(&text).map_err(unreadable)?;
    complete(workspace, &intent)?;
    Ok(Some(intent.line))
}

fn complete(workspace: &Workspace, intent: &Intent) -> Result<Option<String>, RunError> {
    intent.files.iter().try_for_each(|file| publish(workspace, file))?;
    holdout_log::record(workspace, &Consultation::Refresh(intent.line.clone()))?;
    let commit = commit(workspace, intent)?;
    workspace.root.remove(workspace.own(INTENT))?;
    Ok(commit)
}

fn publish(workspace: &Workspace, file: &Change) -> Result<(), RunError> {
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
        intent: workspace.own(INTENT).display().to_string(),
    })
}

/// One commit of the files that git holds, and of the ledger of the split where such files are committed.
fn commit(workspace: &Workspace, intent: &Intent) -> Result<Option<String>, RunError> {
    let mut paths: Vec<String> = intent.files.iter().map(|file| file.path.clone()).collect();
    if workspace.manifest.ledger.commit_sessions {
        paths.push(consultation::FILE.to_owned());
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
    Ok(Some(workspace.ledger.commit(&paths, &words(&intent.line))?))
}

/// No session made the commit, and none is named.
fn words(line: &RefreshLine) -> String {
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
    message("kaizen: refresh the gate split", &body, &trailers)
}
