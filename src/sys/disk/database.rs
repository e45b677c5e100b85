//! Opens SQLite databases. SQLite opens files by path, so the path is checked before and after.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::{DiskError, failed};
use super::remedy::remedy;
use super::root::{Root, ordinary};

/// Suffixes of the files that SQLite may create for a database.
const SIDE_FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Why one of kaizen's databases cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// Its folder cannot be created, or one of its files is not a plain file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// SQLite fails.
    #[error("{}", sqlite_problem(.0))]
    Sqlite(#[from] rusqlite::Error),
}

/// The kind of the system's error behind an error of SQLite; `None` if the content of the file is the cause.
pub(crate) fn system_error(error: &rusqlite::Error) -> Option<ErrorKind> {
    use rusqlite::ErrorCode;
    Some(match error.sqlite_error_code()? {
        ErrorCode::DiskFull => ErrorKind::StorageFull,
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => ErrorKind::PermissionDenied,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ErrorKind::ResourceBusy,
        ErrorCode::SystemIoFailure
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::NoLargeFileSupport
        | ErrorCode::OutOfMemory => ErrorKind::Other,
        _ => return None,
    })
}

/// An error of SQLite, followed by a remedy if the system is the cause.
pub(crate) fn sqlite_problem(error: &rusqlite::Error) -> String {
    let remedy = match system_error(error) {
        Some(ErrorKind::Other) => Some("check whether the disk is full or failing"),
        Some(kind) => remedy(kind),
        None => None,
    };
    match remedy {
        Some(remedy) => format!("{error}; {remedy}"),
        None => error.to_string(),
    }
}

impl Root {
    /// Opens one of kaizen's databases, and creates it and its folder if necessary.
    ///
    /// # Errors
    /// One of its files is a link or special file, or it cannot be created or opened.
    pub(crate) fn open_database(&self, path: impl AsRef<Path>) -> Result<Connection, DatabaseError> {
        let relative = self.relative(path.as_ref())?;
        self.made_folder(relative.parent().unwrap_or(Path::new("")))?;
        self.connect(&relative, |path| {
            Connection::open_with_flags(path, OpenFlags::default() | OpenFlags::SQLITE_OPEN_NOFOLLOW)
        })
    }

    /// Opens one of kaizen's databases for reading; `None` if it does not exist. Creates nothing.
    ///
    /// # Errors
    /// One of its files is a link or special file, or it cannot be opened.
    pub(crate) fn read_database(&self, path: impl AsRef<Path>) -> Result<Option<Connection>, DatabaseError> {
        let relative = self.relative(path.as_ref())?;
        match self.has_file(&relative)? {
            true => self.connect(&relative, read_only).map(Some),
            false => Ok(self.check_database(&relative).map(|_| None)?),
        }
    }

    fn connect(
        &self,
        relative: &Path,
        open: impl FnOnce(&Path) -> rusqlite::Result<Connection>,
    ) -> Result<Connection, DatabaseError> {
        let connection = open(&self.check_database(relative)?)?;
        // Detects a link that was created in the meantime, before anything is read or written.
        self.check_database(relative)?;
        Ok(connection)
    }

    /// Checks the files of a database and returns its path for SQLite.
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

/// Opens a database for reading. If it has no write-ahead log, nobody is writing, so SQLite can skip locking, for
/// which it would create files.
fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let log = format!("{}-wal", path.display());
    let is_at_rest = Path::new(&log).metadata().map_or(true, |log| log.len() == 0);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    if !is_at_rest {
        return Connection::open_with_flags(path, flags);
    }
    Connection::open_with_flags(sqlite_uri(path, "immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)
}

/// The path as a SQLite URI, with special characters escaped.
pub(crate) fn sqlite_uri(path: &Path, options: &str) -> String {
    let escaped = path
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{escaped}?{options}")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_created_while_the_database_opens_is_an_error() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = Root::open(folder.path()).unwrap();
        root.open_database("in/a.db").unwrap();
        let swapped = |path: &Path| {
            let connection = Connection::open(path);
            std::fs::rename(folder.path().join("in"), folder.path().join("was")).unwrap();
            std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("in")).unwrap();
            connection
        };
        let opened = root.connect(Path::new("in/a.db"), swapped);
        assert!(matches!(opened, Err(DatabaseError::Disk(DiskError::Link { .. }))));
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
