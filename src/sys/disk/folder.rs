//! Removes, empties and fills kaizen's folders, and moves files under a root.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::io::{ErrorKind, Write};
use std::path::Path;

use cap_std::fs::OpenOptions;

use super::error::{DiskError, failed};
use super::publish::sync_folder;
use super::root::{Root, found};

impl Root {
    /// Removes one of kaizen's folders with its content; a missing folder is not an error. If the path is a link, only
    /// the link is removed.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_folder(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        let Some((above, name)) = self.parent(&relative)? else {
            return Ok(());
        };
        let removed = match found(above.symlink_metadata(name)) {
            Ok(None) => return Ok(()),
            Ok(Some(facts)) if facts.is_dir() => above.remove_dir_all(name),
            Ok(Some(_)) => above.remove_file(name),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &self.join(&relative))(error)),
            _ => Ok(()),
        }
    }

    /// Replaces the content of one of kaizen's folders with these files. Only the folder's owner can read it.
    ///
    /// # Errors
    /// The folder cannot be emptied, or a file cannot be written.
    pub(crate) fn fill_folder<'a>(
        &self,
        path: impl AsRef<Path>,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<(), DiskError> {
        let path = path.as_ref();
        self.remove_folder(path)?;
        self.make_private_folder(path)?;
        for (name, bytes) in files {
            self.write_new(&path.join(name), bytes)?;
        }
        Ok(())
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        self.write_with(path, bytes, &options)
    }

    fn write_with(&self, path: &Path, bytes: &[u8], options: &OpenOptions) -> Result<(), DiskError> {
        let relative = self.relative(path)?;
        let whole = self.join(&relative);
        self.made_folder(relative.parent().unwrap_or(Path::new("")))?;
        let gone = || failed("write", &whole)(ErrorKind::NotFound.into());
        let mut file = self.open_plain(&relative, options)?.ok_or_else(gone)?;
        file.write_all(bytes).map_err(failed("write", &whole))
    }

    /// Creates a link in one of kaizen's folders, and the folder of the link. The target is relative to that folder.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) fn make_link(&self, path: impl AsRef<Path>, target: &str) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        let whole = self.join(&relative);
        let folder = self.made_folder(relative.parent().unwrap_or(Path::new("")))?;
        let name = relative.file_name().unwrap_or_default();
        #[cfg(unix)]
        let made = folder.symlink(target, name);
        #[cfg(not(unix))]
        let made = folder.symlink_file(target, name);
        made.map_err(failed("create", &whole))
    }

    /// Removes an empty folder; `false` if it is not empty or does not exist.
    ///
    /// # Errors
    /// The path contains a link.
    pub(crate) fn remove_empty_folder(&self, path: impl AsRef<Path>) -> Result<bool, DiskError> {
        let relative = self.relative(path.as_ref())?;
        let above = self.parent(&relative)?;
        Ok(above.is_some_and(|(above, name)| above.remove_dir(name).is_ok()))
    }

    /// Writes one of kaizen's files in place. If a crash truncates it, kaizen writes it again when it next fills the
    /// folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), DiskError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        self.write_with(path.as_ref(), bytes, &options)
    }

    /// Whether this folder is empty.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn is_empty(&self) -> Result<bool, DiskError> {
        let mut entries = self.dir().entries().map_err(failed("list", self))?;
        Ok(entries.next().is_none())
    }
}

impl Root {
    /// Moves a file, and creates the target folder; `false` if the file does not exist.
    ///
    /// # Errors
    /// It cannot be moved.
    pub(crate) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<bool, DiskError> {
        let (from, to) = (self.relative(from.as_ref())?, self.relative(to.as_ref())?);
        let target = self.made_folder(to.parent().unwrap_or(Path::new("")))?;
        let Some((folder, name)) = self.parent(&from)? else {
            return Ok(false);
        };
        let renamed = folder
            .rename(name, &target, to.file_name().unwrap_or_default())
            .and_then(|()| sync_folder(&target))
            .and_then(|()| sync_folder(&folder));
        match renamed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("move", &self.join(&from))(error)),
        }
    }

    /// Moves a file to a free name; `false`, without moving it, if the name is taken.
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
        // A hard link fails if the name was taken in the meantime; a rename would replace that file.
        let moved = match source.hard_link(name, &target, new) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Ok(()) => sync_folder(&target).and_then(|()| source.remove_file(name)),
            // Some file systems have no hard links.
            Err(_) => source.rename(name, &target, new).and_then(|()| sync_folder(&target)),
        };
        moved
            .and_then(|()| sync_folder(&source))
            .map(|()| true)
            .map_err(failed("move", &self.join(&from)))
    }
}
