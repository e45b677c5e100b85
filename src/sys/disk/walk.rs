//! Walks a workspace to find files that match patterns, without following links to folders.
#![allow(clippy::disallowed_methods)] // edge: the file system

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, FileType};

use super::error::{DiskError, failed};
use super::root::{Root, ordinary};

/// An entry that a walk finds.
pub(crate) struct WalkEntry {
    /// The path, relative to the root, with `/`.
    pub(crate) path: String,
    /// The kind of file.
    pub(crate) kind: FileType,
}

/// Receives the entries of a walk; for a folder, returns whether to enter it.
pub(crate) type WalkVisitor<'v> = &'v mut dyn FnMut(WalkEntry) -> Result<bool, DiskError>;

impl Root {
    /// The paths that `is_match` accepts, and links that may lead to a folder with such paths, sorted, each with
    /// whether it is a link. Enters the folders that `may_hold` accepts, but no links.
    ///
    /// # Errors
    /// A folder cannot be read, or a matching entry is neither a file nor a link.
    pub(crate) fn matching(
        &self,
        is_match: &dyn Fn(&str) -> bool,
        may_hold: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, bool)>, DiskError> {
        let mut paths = Vec::new();
        self.walk(&mut |found| {
            if found.kind.is_dir() {
                return Ok(may_hold(&found.path));
            }
            let is_link = found.kind.is_symlink();
            if is_match(&found.path) || is_link && may_hold(&found.path) {
                if !is_link {
                    ordinary(found.kind, &self.join(&found.path))?;
                }
                paths.push((found.path, is_link));
            }
            Ok(false)
        })?;
        Ok(paths)
    }

    /// Visits everything under this folder, in the order of names. A folder that was replaced by a link in the meantime
    /// counts as empty.
    ///
    /// # Errors
    /// A folder cannot be listed, or `visit` fails.
    pub(crate) fn walk(&self, visit: WalkVisitor) -> Result<(), DiskError> {
        self.walk_noting(visit, &mut |_| {})
    }

    /// The same; `odd` receives the paths that are not UTF-8, with a mark for what cannot be read of them.
    ///
    /// # Errors
    /// As for [`Root::walk`].
    pub(crate) fn walk_noting(&self, visit: WalkVisitor, odd: &mut dyn FnMut(String)) -> Result<(), DiskError> {
        self.walk_in(self.dir(), "", visit, odd)
    }

    fn walk_in(
        &self,
        dir: &Dir,
        prefix: &str,
        visit: WalkVisitor,
        odd: &mut dyn FnMut(String),
    ) -> Result<(), DiskError> {
        let below = |name: &str| match prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        let whole = || self.join(prefix);
        let mut entries = Vec::new();
        for entry in dir.entries().map_err(failed("list", &whole()))? {
            let entry = entry.map_err(failed("list", &whole()))?;
            // A name that is not UTF-8 matches no pattern.
            match entry.file_name().into_string() {
                Ok(name) => {
                    let kind = entry.file_type().map_err(failed("list", &whole()))?;
                    entries.push((name, kind));
                }
                Err(name) => odd(below(&name.to_string_lossy())),
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        for (name, kind) in entries {
            let path = below(&name);
            let found = WalkEntry {
                path: path.clone(),
                kind,
            };
            if visit(found)? && kind.is_dir() {
                // A folder that was removed or replaced by a link in the meantime counts as empty.
                if let Ok(inner) = dir.open_dir_nofollow(&name) {
                    self.walk_in(&inner, &path, visit, odd)?;
                }
            }
        }
        Ok(())
    }
}
