//! The harness: an agent's editable files as a value, and how to read them from a workspace.

pub(crate) mod agent_settings;
pub(crate) mod agents;
mod command_secrets;
pub(crate) mod examples;
pub(crate) mod format;
pub(crate) mod home;
pub(crate) mod layout;
pub(crate) mod line_hunk;
mod links;
pub(crate) mod merge;
pub(crate) mod op;
pub(crate) mod projection;
pub(crate) mod rederive;
pub(crate) mod shown;
pub(crate) mod skills;
pub(crate) mod starter;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::format::error::FormatError;

use crate::manifest::membership::Membership;
use crate::sys::disk::{DiskError, LARGEST_HARNESS_FILE, Root, ordinary, refuse_stored};

/// The editable files of an agent: a map from the path, relative to the harness root and with `/`, to the bytes.
///
/// A harness contains only files under its root. Symbolic links are recorded as forbidden paths, so that no edit can
/// create or change a file through them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Harness {
    /// The whole files.
    files: BTreeMap<String, Vec<u8>>,
    /// The parts of files that are shown instead of them, because they also hold tasks.
    parts: BTreeMap<String, Vec<u8>>,
    forbidden: BTreeMap<String, String>,
    /// The files that can be executed.
    executable: BTreeSet<String>,
    /// The links between the files, each with the path of its target.
    links: BTreeMap<String, String>,
}

/// One file that differs between two harnesses; `None` means that the file is absent on that side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The path, relative to the harness root.
    pub path: String,
    /// The bytes before.
    pub before: Option<Vec<u8>>,
    /// The bytes after.
    pub after: Option<Vec<u8>>,
}

impl FileChange {
    /// The text before and after; empty on the side where the file is absent.
    pub(crate) fn texts(&self) -> (String, String) {
        let text = |bytes: &Option<Vec<u8>>| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
        (text(&self.before), text(&self.after))
    }
}

impl Harness {
    /// Creates a harness from files.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let add = |harness: Self, (path, bytes): (String, Vec<u8>)| harness.with(path, bytes);
        files.into_iter().fold(Self::default(), add)
    }

    /// Forbids edits of a path and of everything under it, for a reason.
    pub(crate) fn forbid(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.forbidden.insert(path.into(), reason.into());
    }

    /// The reason why a path may not be edited, if it may not.
    pub(crate) fn forbidden(&self, path: &str) -> Option<&str> {
        let covers =
            |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
        self.forbidden
            .iter()
            .find(|(prefix, _)| covers(prefix))
            .map(|(_, reason)| reason.as_str())
    }

    /// All paths that may not be edited, with the reasons.
    pub(crate) fn all_forbidden(&self) -> impl Iterator<Item = (&str, &str)> {
        self.forbidden
            .iter()
            .map(|(path, reason)| (path.as_str(), reason.as_str()))
    }

    /// Notes that a file can be executed.
    pub(crate) fn mark_executable(&mut self, path: impl Into<String>) {
        self.executable.insert(path.into());
    }

    /// Whether the mode of a file says that it can be executed.
    pub(crate) fn is_executable(&self, path: &str) -> bool {
        self.executable.contains(path)
    }

    /// The files that can be executed.
    pub(crate) fn executables(&self) -> impl Iterator<Item = &str> {
        let paths = self.executable.iter().filter(|path| self.files.contains_key(*path));
        paths.map(String::as_str)
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.parts.get(path).or_else(|| self.files.get(path)).map(Vec::as_slice)
    }

    /// The text of a file; `None` if it is absent or not UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// Why a file of which the harness shows a part cannot be read, so that the part is empty.
    pub(crate) fn unreadable(&self, path: &str) -> Option<FormatError> {
        let whole = self.files.get(path).filter(|_| self.parts.contains_key(path))?;
        projection::problem(path, whole)
    }

    /// This harness with one file set. For a file that also holds tasks, the bytes are the whole file, or the part that
    /// the harness shows of it.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let (path, mut bytes) = (path.into(), bytes.into());
        if projection::is_partial(&path) {
            if let Some(whole) = self.files.get(&path).filter(|_| projection::is_part(&path, &bytes)) {
                // What cannot be joined changes nothing, so that no task is lost.
                bytes = projection::joined(&path, whole, &bytes).unwrap_or_else(|| whole.clone());
            }
            self.parts.insert(path.clone(), projection::projected(&path, &bytes));
        }
        self.files.insert(path, bytes);
        self
    }

    /// This harness with one file removed.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        self.files.remove(path);
        self.parts.remove(path);
        self
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| {
            let shown = self.parts.get(path).unwrap_or(bytes);
            (path.as_str(), shown.as_slice())
        })
    }

    /// The files that differ from `after`, sorted by path, each as a whole.
    pub fn changes(&self, after: &Harness) -> Vec<FileChange> {
        let paths: BTreeSet<&String> = self.files.keys().chain(after.files.keys()).collect();
        let change = |path: &String| FileChange {
            path: path.clone(),
            before: self.files.get(path).cloned(),
            after: after.files.get(path).cloned(),
        };
        paths
            .into_iter()
            .map(change)
            .filter(|change| change.before != change.after)
            .collect()
    }
}

impl Root {
    /// Reads the files that `membership` selects. A link with the path of a possible harness file or folder becomes a
    /// forbidden path, because an edit through it would change another file.
    ///
    /// # Errors
    /// A file cannot be read, is too large, holds what a git filter keeps instead of its content, or is neither a file
    /// nor a link.
    pub(crate) fn read_harness(&self, membership: &Membership) -> Result<Harness, DiskError> {
        let mut harness = Harness::default();
        self.walk(&mut |found| {
            if found.kind.is_dir() {
                return Ok(membership.may_hold(&found.path));
            }
            if found.kind.is_symlink() {
                if membership.selects(&found.path) || membership.may_hold(&found.path) {
                    harness.forbid(found.path, "a symbolic link");
                }
                return Ok(false);
            }
            if membership.selects(&found.path) {
                ordinary(found.kind, &self.join(&found.path))?;
                // A file that was deleted in the meantime is left out.
                if let Some(bytes) = self.read_up_to(Path::new(&found.path), LARGEST_HARNESS_FILE)? {
                    refuse_stored(&bytes, &self.join(&found.path))?;
                    if self.is_executable(&found.path)? {
                        harness.mark_executable(&*found.path);
                    }
                    harness = std::mem::take(&mut harness).with(found.path, bytes);
                }
            }
            Ok(false)
        })?;
        Ok(harness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidding_a_folder_covers_what_is_below_and_not_its_namesakes() {
        let mut harness = Harness::default();
        harness.forbid("agents/evil", "a symbolic link");
        assert!(harness.forbidden("agents/evil").is_some());
        assert!(harness.forbidden("agents/evil/system_prompt.md").is_some());
        assert!(harness.forbidden("agents/evil2/system_prompt.md").is_none());
    }

    #[test]
    fn changes_name_added_removed_and_changed_files() {
        let before = Harness::default().with("a", "1").with("b", "2");
        let after = Harness::default().with("b", "3").with("c", "4");
        let paths: Vec<_> = before.changes(&after).into_iter().map(|change| change.path).collect();
        assert_eq!(paths, ["a", "b", "c"]);
        assert!(before.changes(&before).is_empty());
    }
}
