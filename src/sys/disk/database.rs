//! Databases: SQLite opens files by path, so the path is checked before and after.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::{Path, PathBuf};

use super::error::{DiskError, failed};
use super::root::{Root, ordinary};

/// What SQLite may put beside a database.
const SIDE_FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

impl Root {
    /// The path of a database of ours for SQLite: its folder exists, and neither it nor the files that SQLite keeps beside it
    /// are links or pipes. Open it with `SQLITE_OPEN_NOFOLLOW`, then call this again: a link that was put there in
    /// between shows then.
    ///
    /// # Errors
    /// The folder cannot be made, or something there is no plain file.
    pub fn database(&self, path: impl AsRef<Path>) -> Result<PathBuf, DiskError> {
        let relative = self.relative(path.as_ref())?;
        self.made_folder(relative.parent().unwrap_or(Path::new("")))?;
        self.check_database(&relative)
    }

    /// The path of a database of ours that is there already; `None` when it is not. Nothing is made.
    ///
    /// # Errors
    /// It, or a file beside it, is no plain file.
    pub fn existing_database(&self, path: impl AsRef<Path>) -> Result<Option<PathBuf>, DiskError> {
        let relative = self.relative(path.as_ref())?;
        let found = self.check_database(&relative)?;
        Ok(self.has_file(&relative).then_some(found))
    }

    fn check_database(&self, relative: &Path) -> Result<PathBuf, DiskError> {
        for side in SIDE_FILES {
            let name = PathBuf::from(format!("{}{side}", relative.display()));
            if let Some((folder, leaf)) = self.parent(&name)?
                && let Ok(facts) = folder.symlink_metadata(leaf)
            {
                ordinary(facts.file_type(), &self.join(&name))?;
            }
        }
        let root = self.canonicalize().map_err(failed("open", self))?;
        Ok(root.join(relative))
    }
}
