//! Finds the files that differ from HEAD, and how they differ.

use std::path::Path;

use super::commit::below_workspace;
use super::process::refusal;
use super::{Git, Policy};
use crate::ledger::port::LedgerError;

/// How a file differs from HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileState {
    /// Tracked, and modified, staged, deleted or unmerged.
    Changed,
    /// Unknown to git.
    Untracked,
    /// On disk, but excluded by an ignore rule: it cannot be committed.
    Ignored,
}

/// A file that differs from HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileStatus {
    /// Relative to the workspace; an ignored folder ends in `/`.
    pub path: String,
    /// How it differs.
    pub state: FileState,
}

impl Git {
    /// The files among `paths` (files or folders, relative to the workspace) that differ from HEAD.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub(crate) fn status(&self, paths: &[String]) -> Result<Vec<FileStatus>, LedgerError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        below_workspace(paths)?;
        let mut arguments = vec!["status", "--porcelain=v2", "-z", "--no-renames"];
        arguments.extend(["--untracked-files=all", "--ignored=matching", "--"]);
        arguments.extend(paths.iter().map(String::as_str));
        let text = self.read(&arguments, &[])?;
        let text = String::from_utf8_lossy(&text);
        Ok(text
            .split('\0')
            .filter_map(|record| parse(record, &self.prefix))
            .collect())
    }
}

/// The given paths that an ignore rule excludes.
pub(super) fn ignored(git: &Git, paths: &[&str]) -> Result<Vec<String>, LedgerError> {
    let listing = check_ignore(git, &[], paths)?;
    let found = listing.split('\0').filter_map(|path| path.strip_prefix("./"));
    Ok(found.map(str::to_owned).collect())
}

/// Checks that no ignore rule leaves out a path that git does not track.
pub(super) fn check_recordable(git: &Git, paths: &[&str]) -> Result<(), LedgerError> {
    match rule(&check_ignore(git, &["-v"], paths)?) {
        None => Ok(()),
        Some((path, rule)) => Err(LedgerError::IgnoredRecord { path, rule }),
    }
}

/// What `git check-ignore` prints about paths, each with a leading `./`.
fn check_ignore(git: &Git, options: &[&str], paths: &[&str]) -> Result<String, LedgerError> {
    if paths.is_empty() {
        return Ok(String::new());
    }
    let arguments = [&["check-ignore", "-z", "--stdin"][..], options].concat();
    // With a leading `./`, git does not read a path as a pattern.
    let input: Vec<String> = paths.iter().map(|path| format!("./{path}")).collect();
    let answer = git.ask_for_patterns(&arguments, input.join("\0").as_bytes())?;
    match answer.status.code() {
        // 1 means that no path is ignored.
        Some(0 | 1) => Ok(String::from_utf8_lossy(&answer.stdout).into_owned()),
        _ => Err(refusal("check-ignore", &answer)),
    }
}

/// The first path that a rule excludes, and that rule, from the output of `git check-ignore -v -z`.
fn rule(listing: &str) -> Option<(String, String)> {
    let fields: Vec<&str> = listing.split('\0').collect();
    // Rules that begin with `!` include a path again.
    let excludes = |fields: &&[&str]| !fields[2].is_empty() && !fields[2].starts_with('!');
    let found = fields.chunks_exact(4).find(excludes)?;
    let path = found[3].strip_prefix("./").unwrap_or(found[3]).to_owned();
    Some((path, format!("line {} of {}: `{}`", found[1], found[0], found[2])))
}

/// One record of porcelain v2; git names files from the top of the work tree.
fn parse(record: &str, prefix: &str) -> Option<FileStatus> {
    let (kind, rest) = record.split_once(' ')?;
    let (state, fields) = match kind {
        "1" => (FileState::Changed, 8),
        "u" => (FileState::Changed, 10),
        "?" => (FileState::Untracked, 1),
        "!" => (FileState::Ignored, 1),
        _ => return None,
    };
    let path = rest.splitn(fields, ' ').nth(fields - 1)?;
    // If the workspace is inside an ignored folder, git reports that folder.
    let path = path.strip_prefix(prefix).unwrap_or(".").to_owned();
    Some(FileStatus { path, state })
}

/// Whether a file is part of the commit at HEAD; `false` also without a repository.
pub(crate) fn is_committed(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return false;
    };
    let object = format!("HEAD:./{}", name.to_string_lossy());
    let asked = Git::open(folder, Policy::default()).and_then(|git| git.ask(&["cat-file", "-e", &object], &[]));
    asked.is_ok_and(|answer| answer.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_include_a_path_again_are_no_obstacle() {
        let listing = ".gitignore\x001\0!x\0./x.json\0/home/me/ignore\x003\0*.json\0./sessions/s/plan.json\0";
        let (path, rule) = rule(listing).unwrap();
        assert_eq!(path, "sessions/s/plan.json");
        assert_eq!(rule, "line 3 of /home/me/ignore: `*.json`");
        assert_eq!(super::rule(""), None);
    }

    #[test]
    fn records_of_every_kind_are_read() {
        let cases = [
            (
                "1 .M N... 100644 100644 100644 aa bb w/a b.md",
                "a b.md",
                FileState::Changed,
            ),
            (
                "u UU N... 100644 100644 100644 100644 aa bb cc w/x",
                "x",
                FileState::Changed,
            ),
            ("? w/new file", "new file", FileState::Untracked),
            ("! w/dist/", "dist/", FileState::Ignored),
        ];
        for (record, path, state) in cases {
            let path = path.to_owned();
            assert_eq!(parse(record, "w/"), Some(FileStatus { path, state }), "{record}");
        }
        assert_eq!(parse("", "w/"), None);
    }
}
