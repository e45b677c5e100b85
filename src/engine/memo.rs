//! The memo on disk: attempts by the digest of what was asked, in one SQLite file that may be deleted at any time.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::artifact::evaluation::Attempt;
use crate::digest::Digest;
use crate::port::Memo;

/// A memo in a SQLite file.
pub struct DiskMemo(Mutex<Connection>);

impl DiskMemo {
    /// Opens or makes a memo. A file that is not one is set aside: it only ever saves work.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        if let Some(folder) = path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let connection = connect(path).or_else(|_| {
            let _ = std::fs::rename(path, path.with_extension("broken"));
            connect(path)
        })?;
        Ok(Self(Mutex::new(connection)))
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

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    // A killed process loses nothing; a lost power supply may lose the last attempts, never the file.
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
            tracing::warn!(%error, "attempts could not be remembered; they will be made again");
        }
    }
}

#[cfg(test)]
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
        let path = folder.path().join("cache/memo.db");
        let (known, unknown) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        DiskMemo::open(&path).unwrap().put(&[(known, answered())]);
        assert_eq!(
            DiskMemo::open(&path).unwrap().get(&[known, unknown]),
            [Some(answered()), None]
        );
        for tail in ["", "-wal", "-shm"] {
            std::fs::write(format!("{}{tail}", path.display()), "this is no database, it is text").unwrap();
        }
        assert_eq!(DiskMemo::open(&path).unwrap().get(&[known]), [None]);
    }
}
