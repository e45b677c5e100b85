//! Moving files below a root.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::io::ErrorKind;
use std::path::Path;

use super::error::{DiskError, failed};
use super::root::Root;

impl Root {
    /// Moves a file, and makes the folder that it goes to; `false` when the file is not there.
    ///
    /// # Errors
    /// It cannot be moved.
    pub(crate) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<bool, DiskError> {
        let (from, to) = (self.relative(from.as_ref())?, self.relative(to.as_ref())?);
        let target = self.made_folder(to.parent().unwrap_or(Path::new("")))?;
        let Some((folder, name)) = self.parent(&from)? else {
            return Ok(false);
        };
        match folder.rename(name, &target, to.file_name().unwrap_or_default()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("move", &self.join(&from))(error)),
        }
    }

    /// Moves a file to a name that is free; `false`, and nothing happens, when something has that name.
    ///
    /// # Errors
    /// It cannot be moved.
    pub(crate) fn rename_to_free(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<bool, DiskError> {
        let (from, to) = (self.relative(from.as_ref())?, self.relative(to.as_ref())?);
        let (source, target) = (self.parent(&from)?, self.parent(&to)?);
        let missing = || failed("move", &self.join(&from))(ErrorKind::NotFound.into());
        let ((source, name), (target, new)) = source.zip(target).ok_or_else(missing)?;
        if target.symlink_metadata(new).is_ok() {
            return Ok(false);
        }
        // A hard link fails where the name was taken in the meantime; a rename would replace what has it.
        let moved = match source.hard_link(name, &target, new) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Ok(()) => source.remove_file(name),
            // Some file systems have no hard links.
            Err(_) => source.rename(name, &target, new),
        };
        moved.map(|()| true).map_err(failed("move", &self.join(&from)))
    }
}
