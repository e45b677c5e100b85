//! Walking a workspace: the files that some patterns may match, found without following a link to a folder.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::Path;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, FileType};

use super::error::{DiskError, failed};
use super::root::{LARGEST_HARNESS_FILE, Root, ordinary};
use crate::harness::Harness;
use crate::manifest::membership::Membership;

/// Something that a walk finds, with its path relative to the root, with `/`.
struct Found {
    path: String,
    kind: FileType,
}

/// Takes what a walk finds; for a folder, says whether to walk into it.
type Visit<'v> = &'v mut dyn FnMut(Found) -> Result<bool, DiskError>;

impl Root {
    /// Reads the harness: the files that `membership` selects. A link in a place where a file could be a member is
    /// forbidden: an edit through it would change something else.
    ///
    /// # Errors
    /// A file cannot be read, is too large, or is neither a file nor a link.
    pub fn read_harness(&self, membership: &Membership) -> Result<Harness, DiskError> {
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
                // A file that went in the meantime is not there.
                if let Some(bytes) = self.read_up_to(Path::new(&found.path), LARGEST_HARNESS_FILE)? {
                    harness = std::mem::take(&mut harness).with(found.path, bytes);
                }
            }
            Ok(false)
        })?;
        Ok(harness)
    }

    /// The paths that `is_match` accepts, and links that may lead to a folder of such paths, sorted, each with whether it
    /// is a link. Folders are entered where `may_hold` says so; links are not.
    ///
    /// # Errors
    /// A folder cannot be read, or something that matches is neither a file nor a link.
    pub(super) fn matching(
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

    fn walk(&self, visit: Visit) -> Result<(), DiskError> {
        self.walk_in(self.dir(), "", visit)
    }

    fn walk_in(&self, dir: &Dir, prefix: &str, visit: Visit) -> Result<(), DiskError> {
        let whole = || self.join(prefix);
        let mut entries = Vec::new();
        for entry in dir.entries().map_err(failed("list", &whole()))? {
            let entry = entry.map_err(failed("list", &whole()))?;
            // A name that is not UTF-8 matches no pattern.
            if let Ok(name) = entry.file_name().into_string() {
                let kind = entry.file_type().map_err(failed("list", &whole()))?;
                entries.push((name, kind));
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        for (name, kind) in entries {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}/{name}")
            };
            let found = Found {
                path: path.clone(),
                kind,
            };
            if visit(found)? && kind.is_dir() {
                // One that was swapped for a link, or removed, in the meantime holds nothing.
                if let Ok(below) = dir.open_dir_nofollow(&name) {
                    self.walk_in(&below, &path, visit)?;
                }
            }
        }
        Ok(())
    }
}
