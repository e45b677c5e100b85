//! The memo: remembered attempts by the digest of the question, so that no question is asked twice. On disk it is a
//! SQLite file that may be deleted at any time.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::artifact::evaluation::Attempt;
use crate::digest::Digest;
use crate::sys::disk::{DatabaseError, DiskError, Root};

/// Remembered attempts of a student, by the digest of the exact question.
pub trait Memo: Send + Sync {
    /// Returns one entry per key; `None` if the attempt is not remembered or cannot be read.
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>>;

    /// Remembers attempts.
    fn put(&self, attempts: &[(Digest, Attempt)]);
}

/// A memo that remembers nothing.
pub struct Forgetful;

impl Memo for Forgetful {
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>> {
        vec![None; keys.len()]
    }

    fn put(&self, _: &[(Digest, Attempt)]) {}
}

/// A memo that stores attempts in a SQLite file.
pub struct DiskMemo(Mutex<Connection>);

/// A failure to open a memo.
#[derive(Debug, thiserror::Error)]
pub enum MemoError {
    /// The file cannot be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// SQLite cannot open or create it.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The error of SQLite.
        source: rusqlite::Error,
    },
}

impl DiskMemo {
    /// Opens a memo, or creates it. Renames a corrupt file to `<name>.broken` and starts over, because a memo only
    /// saves work.
    ///
    /// # Errors
    /// The file cannot be created, or its path is a link or a special file.
    pub fn open(root: &Root, name: &str) -> Result<Self, MemoError> {
        let connection = match connect(root, name) {
            Err(MemoError::Sqlite { .. }) => {
                root.rename(name, format!("{name}.broken"))?;
                connect(root, name)?
            }
            connected => connected?,
        };
        Ok(Self(Mutex::new(connection)))
    }

    /// A memo in memory.
    ///
    /// # Errors
    /// SQLite cannot create it.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Result<Self, rusqlite::Error> {
        Ok(Self(Mutex::new(with_table(Connection::open_in_memory()?)?)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_put(&self, attempts: &[(Digest, Attempt)]) -> Result<(), rusqlite::Error> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO attempt (key, value) VALUES (?1, ?2)")?;
            for (key, attempt) in attempts {
                insert.execute(params![
                    key.to_string(),
                    serde_json::to_string(attempt).unwrap_or_default()
                ])?;
            }
        }
        transaction.commit()
    }
}

fn connect(root: &Root, name: &str) -> Result<Connection, MemoError> {
    let sqlite = |source| MemoError::Sqlite {
        path: root.join(name),
        source,
    };
    let opened = root.open_database(name).map_err(|error| match error {
        DatabaseError::Disk(error) => MemoError::Disk(error),
        DatabaseError::Sqlite(source) => sqlite(source),
    })?;
    with_table(opened).map_err(sqlite)
}

fn with_table(connection: Connection) -> Result<Connection, rusqlite::Error> {
    // With these settings, killing the process loses nothing. A power failure may lose the last attempts, but does not
    // corrupt the file.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
         CREATE TABLE IF NOT EXISTS attempt (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
    )?;
    Ok(connection)
}

impl Memo for DiskMemo {
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>> {
        let connection = self.connection();
        let Ok(mut select) = connection.prepare_cached("SELECT value FROM attempt WHERE key = ?1") else {
            return vec![None; keys.len()];
        };
        let mut find = |key: &Digest| {
            let text: Option<String> = select.query_row([key.to_string()], |row| row.get(0)).optional().ok()?;
            serde_json::from_str(&text?).ok()
        };
        keys.iter().map(&mut find).collect()
    }

    fn put(&self, attempts: &[(Digest, Attempt)]) {
        if attempts.is_empty() {
            return;
        }
        if let Err(error) = self.try_put(attempts) {
            tracing::warn!(%error, "attempts could not be saved to the memo; they will be repeated");
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // tests: real files
mod tests {
    use super::*;

    fn answered() -> Attempt {
        Attempt::Answered {
            answer: "a".into(),
            model: None,
            tool: None,
        }
    }

    #[test]
    fn it_remembers_across_openings_and_survives_garbage() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let (name, path) = ("cache/memo.db", folder.path().join("cache/memo.db"));
        let (known, unknown) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        DiskMemo::open(&root, name).unwrap().put(&[(known, answered())]);
        assert_eq!(
            DiskMemo::open(&root, name).unwrap().get(&[known, unknown]),
            [Some(answered()), None]
        );
        for tail in ["", "-wal", "-shm"] {
            std::fs::write(format!("{}{tail}", path.display()), "this is no database, it is text").unwrap();
        }
        assert_eq!(DiskMemo::open(&root, name).unwrap().get(&[known]), [None]);
    }
}
