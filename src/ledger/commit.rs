//! Commits exactly the given paths, and restores the index if that fails.

use std::io::ErrorKind;

use super::Git;
use super::log::head;
use crate::ledger::port::{CommitId, LedgerError};
use crate::sys::disk::effect;

/// Messages of git for paths that have to be staged first, or that did not change.
const NOT_THAT_SIMPLE: [&str; 4] = [
    "did not match any file",
    "nothing to commit",
    "nothing added to commit",
    "no changes added to commit",
];

pub(super) fn commit(git: &Git, paths: &[String], message: &str) -> Result<CommitId, LedgerError> {
    below_workspace(paths)?;
    if let Some(name) = git.unfinished()? {
        return Err(LedgerError::InProgress(name.to_owned()));
    }
    if paths.is_empty() || commit_tracked(git, paths, message)? {
        return present_head(git);
    }
    // HEAD is read first: if it moves after that, the index belongs to another HEAD and must not be restored.
    let before = Before {
        head: head(git)?,
        index: staged(git, paths)?,
    };
    match stage_and_commit(git, paths, &before.index, message) {
        Ok(true) => present_head(git),
        Ok(false) => restore(git, paths, &before).and_then(|()| present_head(git)),
        Err(error) => Err(undo(git, paths, &before, error)),
    }
}

/// The state of git before anything was staged.
struct Before {
    head: Option<CommitId>,
    index: Vec<u8>,
}

/// Handles the common case in one process: tracked plain files need no staging, and a refused commit leaves the index
/// as it was. Returns `false` if a path is a folder, deleted or new, or if nothing changed.
fn commit_tracked(git: &Git, paths: &[String], message: &str) -> Result<bool, LedgerError> {
    if !paths.iter().all(|path| is_plain_file(git, path)) {
        return Ok(false);
    }
    match commit_only(git, paths, message) {
        Ok(()) => Ok(true),
        Err(LedgerError::Git { message, .. }) if NOT_THAT_SIMPLE.iter().any(|words| message.contains(words)) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn commit_only(git: &Git, paths: &[impl AsRef<str>], message: &str) -> Result<(), LedgerError> {
    effect("git commit");
    let options = ["commit", "-q", "--cleanup=whitespace", "--only", "-F", "-"];
    git.write(&with_paths(&options, paths), message.replace('\0', "").as_bytes())
}

/// Resets the index below `paths` to HEAD, without changing the files.
pub(super) fn unstage(git: &Git, paths: &[String]) -> Result<(), LedgerError> {
    below_workspace(paths)?;
    if paths.is_empty() {
        return Ok(());
    }
    effect("git reset");
    git.write(&with_paths(&["reset", "-q"], paths), &[])
}

/// Stages and commits the paths; `false` if there was nothing to commit.
fn stage_and_commit(git: &Git, paths: &[String], before: &[u8], message: &str) -> Result<bool, LedgerError> {
    // git refuses a path that is neither on disk nor in its index, for example after a `git rm` by the user.
    let known: Vec<&str> = paths
        .iter()
        .map(String::as_str)
        .filter(|path| on_disk(git, path) || is_indexed(git, before, path))
        .collect();
    if !known.is_empty() {
        effect("git add");
        git.write(&with_paths(&["add"], &known), &[]).map_err(ignored)?;
    }
    let changed = changed(git, paths)?;
    if changed.is_empty() {
        return Ok(false);
    }
    commit_only(git, &changed, message)?;
    Ok(true)
}

/// The staged files below `paths` that differ from HEAD, relative to the workspace.
fn changed(git: &Git, paths: &[String]) -> Result<Vec<String>, LedgerError> {
    let options = ["diff", "--cached", "--name-only", "--no-renames", "--relative", "-z"];
    let names = git.read(&with_paths(&options, paths), &[])?;
    let names = String::from_utf8_lossy(&names);
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The index entries below `paths`, in the form that `git update-index --index-info -z` takes.
fn staged(git: &Git, paths: &[String]) -> Result<Vec<u8>, LedgerError> {
    git.read(&with_paths(&["ls-files", "--stage", "--full-name", "-z"], paths), &[])
}

/// Restores the index below `paths`, unless HEAD has moved. If the user switched branches, git rewrote the index, and
/// the old entries would look like the user's changes on the new branch.
fn restore(git: &Git, paths: &[String], before: &Before) -> Result<(), LedgerError> {
    let now = staged(git, paths)?;
    if now == before.index || head(git)? != before.head {
        return Ok(());
    }
    let mut orders = Vec::new();
    for record in records(&now) {
        orders.extend(removal(record));
    }
    orders.extend_from_slice(&before.index);
    git.write(&["update-index", "-z", "--index-info"], &orders)
}

/// The `update-index` record that removes an index entry: the entry with mode 0 and without a stage.
fn removal(record: &[u8]) -> Vec<u8> {
    let object = record.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let path = path_of(record).unwrap_or_default();
    [b"0 ", object, b"\t", path, b"\0"].concat()
}

/// The error of a failed commit, after restoring the index.
fn undo(git: &Git, paths: &[String], before: &Before, error: LedgerError) -> LedgerError {
    match restore(git, paths, before) {
        Ok(()) => error,
        Err(second) => LedgerError::Git {
            command: "commit".to_owned(),
            message: format!("{error}; and unstaging failed: {second}; run `git restore --staged` on the files"),
        },
    }
}

fn ignored(error: LedgerError) -> LedgerError {
    let LedgerError::Git { message, .. } = &error else {
        return error;
    };
    let Some((_, rest)) = message.split_once("ignored by one of your .gitignore files:\n") else {
        return error;
    };
    let paths: Vec<&str> = rest.lines().take_while(|line| !line.starts_with("hint:")).collect();
    LedgerError::Ignored(paths.join(", "))
}

fn present_head(git: &Git) -> Result<CommitId, LedgerError> {
    head(git)?.ok_or_else(|| LedgerError::Git {
        command: "commit".to_owned(),
        message: "nothing to commit, and there is no commit yet; commit a file first".to_owned(),
    })
}

fn is_plain_file(git: &Git, path: &str) -> bool {
    let facts = git.workspace.join(path).symlink_metadata();
    facts.is_ok_and(|facts| facts.is_file())
}

/// Whether a path exists. If the system does not say, git is asked to add it, and reports the error.
fn on_disk(git: &Git, path: &str) -> bool {
    let facts = git.workspace.join(path).symlink_metadata();
    facts.map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
}

fn is_indexed(git: &Git, index: &[u8], path: &str) -> bool {
    let full = format!("{}{}", git.prefix, path.trim_end_matches('/'));
    let covers = |name: &[u8]| {
        name.strip_prefix(full.as_bytes())
            .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    };
    records(index).filter_map(path_of).any(covers)
}

fn records(index: &[u8]) -> impl Iterator<Item = &[u8]> {
    index.split(|byte| *byte == 0).filter(|record| !record.is_empty())
}

fn path_of(record: &[u8]) -> Option<&[u8]> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    Some(&record[tab + 1..])
}

fn with_paths<'a>(options: &[&'a str], paths: &'a [impl AsRef<str>]) -> Vec<&'a str> {
    let paths = paths.iter().map(AsRef::as_ref);
    options.iter().copied().chain(["--"]).chain(paths).collect()
}

/// Refuses paths that lead out of the workspace.
pub(super) fn below_workspace(paths: &[String]) -> Result<(), LedgerError> {
    let leaves = |path: &&String| path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..");
    match paths.iter().find(leaves) {
        None => Ok(()),
        Some(path) => Err(LedgerError::Git {
            command: "add".to_owned(),
            message: format!("{path:?} is not inside the workspace; give paths relative to it, without `..`"),
        }),
    }
}
