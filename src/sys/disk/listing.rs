//! Lists folders, and checks that they contain only plain files and folders.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::Path;

use cap_std::fs::FileType;

use super::error::{DiskError, failed};
use super::root::{Root, ordinary};

impl Root {
    /// The names in a folder, sorted; empty if the folder does not exist. Names that start with a dot are left out.
    ///
    /// # Errors
    /// The folder cannot be read, or an entry is neither a plain file nor a folder.
    pub(crate) fn names(&self, path: impl AsRef<Path>) -> Result<Vec<String>, DiskError> {
        let mut names = Vec::new();
        for (name, kind) in self.entries(path.as_ref())? {
            ordinary(kind, &self.join(path.as_ref()).join(&name))?;
            names.push(name);
        }
        names.retain(|name| !name.starts_with('.'));
        Ok(names)
    }

    /// The names in a folder, sorted, without checking their kinds: the caller does.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn listed(&self, path: impl AsRef<Path>) -> Result<Vec<String>, DiskError> {
        let entries = self.entries(path.as_ref())?;
        let names = entries.into_iter().map(|(name, _)| name);
        Ok(names.filter(|name| !name.starts_with('.')).collect())
    }

    /// The names in a folder and their kinds, sorted. Names that are not UTF-8 are left out, and so are lock files of
    /// Emacs, which are dangling links.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn entries(&self, path: &Path) -> Result<Vec<(String, FileType)>, DiskError> {
        let relative = self.relative(path)?;
        let whole = self.join(&relative);
        let Some(folder) = self.folder(&relative)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in folder.entries().map_err(failed("list", &whole))? {
            let entry = entry.map_err(failed("list", &whole))?;
            match entry.file_name().into_string() {
                Ok(name) if !name.starts_with(".#") => {
                    let kind = entry.file_type().map_err(failed("list", &whole))?;
                    found.push((name, kind));
                }
                _ => {}
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }

    /// Checks that the direct entries of a folder are plain files and folders.
    ///
    /// # Errors
    /// The first entry that is a link, pipe, socket or device; or the folder cannot be read.
    pub(crate) fn check_plain_here(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        self.names(path).map(drop)
    }

    /// Checks that everything under a folder is a plain file or folder.
    ///
    /// # Errors
    /// The first entry that is a link, pipe, socket or device; or a folder cannot be read.
    pub(crate) fn check_plain(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let path = path.as_ref();
        for (name, kind) in self.entries(path)? {
            ordinary(kind, &self.join(path).join(&name))?;
            if kind.is_dir() {
                self.check_plain(path.join(&name))?;
            }
        }
        Ok(())
    }
}
