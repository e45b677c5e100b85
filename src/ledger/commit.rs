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

/// Whether the hooks that check a commit run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommitHooks {
    Run,
    Skip,
}

/// Commits the paths; returns HEAD, and whether a hook ran.
pub(super) fn commit(
    git: &Git,
    paths: &[String],
    message: &str,
    hooks: CommitHooks,
) -> Result<(CommitId, bool), LedgerError> {
    below_workspace(paths)?;
    if let Some(name) = git.unfinished()? {
        return Err(LedgerError::InProgress(name.to_owned()));
    }
    git.check_branch()?;
    if paths.is_empty() {
        return Ok((present_head(git)?, false));
    }
    if let Some(hooked) = commit_tracked(git, paths, message, hooks)? {
        return Ok((present_head(git)?, hooked));
    }
    // HEAD is read first: if it moves after that, the index belongs to another HEAD and must not be restored.
    let before = Before {
        head: head(git)?,
        index: staged(git, paths)?,
    };
    match stage_and_commit(git, paths, &before.index, message, hooks) {
        Ok(Some(hooked)) => Ok((present_head(git)?, hooked)),
        Ok(None) => restore(git, paths, &before).and_then(|()| Ok((present_head(git)?, false))),
        Err(error) => Err(undo(git, paths, &before, error)),
    }
}

/// The state of git before anything was staged.
struct Before {
    head: Option<CommitId>,
    index: Vec<u8>,
}

/// Handles the common case in one process: tracked plain files need no staging, and a refused commit leaves the index
/// as it was. Returns whether a hook ran; `None` if a path is a folder, deleted or new, or if nothing changed.
fn commit_tracked(git: &Git, paths: &[String], message: &str, hooks: CommitHooks) -> Result<Option<bool>, LedgerError> {
    if !paths.iter().all(|path| is_plain_file(git, path)) {
        return Ok(None);
    }
    match commit_only(git, paths, message, hooks) {
        Ok(hooked) => Ok(Some(hooked)),
        Err(LedgerError::Git { message, .. }) if NOT_THAT_SIMPLE.iter().any(|words| message.contains(words)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Commits paths that git knows; returns whether a hook ran.
fn commit_only(git: &Git, paths: &[impl AsRef<str>], message: &str, hooks: CommitHooks) -> Result<bool, LedgerError> {
    effect("git commit");
    let mut options = vec!["commit", "-q", "--cleanup=whitespace", "--only"];
    options.extend((hooks == CommitHooks::Skip).then_some("--no-verify"));
    options.extend(["-F", "-"]);
    let literal: Vec<String> = paths
        .iter()
        .map(|path| format!(":(literal){}", path.as_ref()))
        .collect();
    let trace = git.write(&with_paths(&options, &literal), message.replace('\0', "").as_bytes())?;
    if trace.ran_hook() {
        agree_with_head(git, paths)?;
    }
    Ok(trace.ran_hook())
}

/// Takes into the index what a hook added to the commit. git runs hooks with a temporary index, and afterwards the real
/// one still has what was staged before. What the user staged stays as it is.
fn agree_with_head(git: &Git, ours: &[impl AsRef<str>]) -> Result<(), LedgerError> {
    let names = |arguments: &[&str]| Ok::<_, LedgerError>(names(&git.read(arguments, &[])?));
    let shared = ["--name-only", "--no-renames", "--relative", "-z"];
    let listing = |first: &[&'static str], last: &[&'static str]| [first, &shared, last].concat();
    let differing = names(&listing(&["diff", "--cached"], &[]))?;
    if differing.is_empty() {
        return Ok(());
    }
    let committed = names(&listing(&["diff-tree", "-r", "--root", "--no-commit-id"], &["HEAD"]))?;
    let users = match git.commit_named("HEAD^")? {
        Some(_) => names(&listing(&["diff", "--cached"], &["HEAD^"]))?,
        None => differing.clone(),
    };
    let is_ours = |name: &String| {
        let covers = |path: &str| {
            name.strip_prefix(path.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        ours.iter().any(|path| covers(path.as_ref()))
    };
    let mut behind = differing;
    behind.retain(|name| committed.contains(name) && (is_ours(name) || !users.contains(name)));
    unstage(git, &behind)
}

/// Resets the index below `paths` to HEAD, without changing the files.
pub(super) fn unstage(git: &Git, paths: &[String]) -> Result<(), LedgerError> {
    below_workspace(paths)?;
    if paths.is_empty() {
        return Ok(());
    }
    effect("git reset");
    git.write(&with_paths(&["reset", "-q"], paths), &[]).map(drop)
}

/// Stages and commits the paths; returns whether a hook ran, `None` if there was nothing to commit.
fn stage_and_commit(
    git: &Git,
    paths: &[String],
    before: &[u8],
    message: &str,
    hooks: CommitHooks,
) -> Result<Option<bool>, LedgerError> {
    // git refuses a path that is neither on disk nor in its index, for example after a `git rm` by the user.
    let known: Vec<&str> = paths
        .iter()
        .map(String::as_str)
        .filter(|path| on_disk(git, path) || is_indexed(git, before, path))
        .collect();
    if !known.is_empty() {
        effect("git add");
        // In a sparse checkout, git refuses to add a file outside its cone, although it is on disk.
        let options: &[&str] = if git.is_sparse() {
            &["add", "--sparse"]
        } else {
            &["add"]
        };
        git.write(&with_paths(options, &known), &[]).map_err(ignored)?;
    }
    let changed = changed(git, paths)?;
    if changed.is_empty() {
        return Ok(None);
    }
    commit_only(git, &changed, message, hooks).map(Some)
}

/// The staged files below `paths` that differ from HEAD, relative to the workspace.
fn changed(git: &Git, paths: &[String]) -> Result<Vec<String>, LedgerError> {
    let options = ["diff", "--cached", "--name-only", "--no-renames", "--relative", "-z"];
    Ok(names(&git.read(&with_paths(&options, paths), &[])?))
}

/// The names in a listing of git.
pub(super) fn differing(git: &Git, one: &str, other: &str) -> Result<Vec<String>, LedgerError> {
    let arguments = [
        "diff-tree",
        "-r",
        "--name-only",
        "--no-renames",
        "--relative",
        "-z",
        one,
        other,
    ];
    Ok(names(&git.read(&arguments, &[])?))
}

fn names(listing: &[u8]) -> Vec<String> {
    let listing = String::from_utf8_lossy(listing);
    let names = listing.split('\0').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
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
    git.write(&["update-index", "-z", "--index-info"], &orders).map(drop)
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
