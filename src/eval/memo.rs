//! The memo: remembered attempts by the digest of the question, so that no question is asked twice. On disk it is a
//! SQLite file that may be deleted at any time.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::artifact::evaluation::Attempt;
use crate::digest::Digest;
use crate::eval::student::program_failure::is_outage;
use crate::sys::disk::{DatabaseError, DiskError, Root, sqlite_problem, system_error};

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
    #[error("{}: {}", path.display(), sqlite_problem(source))]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The error of SQLite.
        source: rusqlite::Error,
    },
}

impl DiskMemo {
    /// Opens a memo, or creates it. Renames a corrupt file to `<name>.broken` and starts over, because a memo only
    /// saves work. If the disk is the problem, for example because it is full, the file stays.
    ///
    /// # Errors
    /// The file cannot be created, or its path is a link or a special file.
    pub fn open(root: &Root, name: &str) -> Result<Self, MemoError> {
        let connection = match connect(root, name) {
            Err(MemoError::Sqlite { source, .. }) if system_error(&source).is_none() => {
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

/// The format of the file. Earlier versions stored failures of services as answers and as failures of the agent.
const FORMAT: i64 = 2;

/// Removes what an earlier version may have stored wrongly. The answers that servers gave are in the store of calls, so
/// asking again for them costs nothing.
fn without_outages(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version >= FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    let wrong: Vec<String> = {
        let mut select = transaction.prepare("SELECT key, value FROM attempt")?;
        let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let is_wrong = |text: &str| serde_json::from_str(text).map_or(true, |attempt| may_be_outage(&attempt));
        rows.into_iter()
            .filter(|(_, value)| is_wrong(value))
            .map(|(key, _)| key)
            .collect()
    };
    for key in wrong {
        transaction.execute("DELETE FROM attempt WHERE key = ?1", [key])?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

/// Whether a stored attempt may be the failure of a service, or hold thoughts that are no part of the answer.
fn may_be_outage(attempt: &Attempt) -> bool {
    match attempt {
        // Reasons that only the agent can cause; any other failure is tried again once.
        Attempt::Failed { reason } => {
            let own = [
                "no answer after ",
                "the token limit was reached",
                "it called a tool, but has none",
            ];
            !own.iter().any(|words| reason.starts_with(words))
        }
        Attempt::Answered { answer, .. } => {
            let has_thoughts = ["<think>", "</think>", "[/THINK]"]
                .iter()
                .any(|mark| answer.contains(mark));
            answer.trim().is_empty() || has_thoughts || is_outage(answer)
        }
        Attempt::Infra { .. } | Attempt::Refused { .. } => true,
    }
}

fn with_table(mut connection: Connection) -> Result<Connection, rusqlite::Error> {
    // With these settings, killing the process loses nothing. A power failure may lose the last attempts, but does not
    // corrupt the file.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
         CREATE TABLE IF NOT EXISTS attempt (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
    )?;
    without_outages(&mut connection)?;
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
            let error = sqlite_problem(&error);
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
            used: None,
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

    #[test]
    fn what_earlier_versions_stored_wrongly_is_dropped_once() {
        let answered = |text: &str| Attempt::Answered {
            answer: text.into(),
            model: None,
            tool: None,
            used: None,
        };
        let failed = |reason: &str| Attempt::Failed { reason: reason.into() };
        let attempts = [
            (answered("Paris"), true),
            (answered("<think>x</think>Paris"), false),
            (answered(""), false),
            (answered("API Error: 529 Overloaded"), false),
            (answered(r#"{"type":"result","is_error":true,"result":"?"}"#), false),
            (answered("API Error: Rate limit reached"), false),
            (failed("no answer after 3 turns"), true),
            (failed("http://h/v1: HTTP 400: Your credit balance is too low"), false),
            (failed("exit status: 1: no message on stderr"), false),
        ];
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let keyed: Vec<(Digest, Attempt)> = attempts
            .iter()
            .map(|(attempt, _)| (Digest::of_value(attempt), attempt.clone()))
            .collect();
        let keys: Vec<Digest> = keyed.iter().map(|(key, _)| *key).collect();
        let memo = DiskMemo::open(&root, "memo.db").unwrap();
        memo.put(&keyed);
        memo.connection().pragma_update(None, "user_version", 0).unwrap();
        drop(memo);
        let memo = DiskMemo::open(&root, "memo.db").unwrap();
        for ((attempt, stays), found) in attempts.iter().zip(memo.get(&keys)) {
            assert_eq!(found.is_some(), *stays, "{attempt:?}");
        }
        memo.put(&keyed);
        drop(memo);
        let again = DiskMemo::open(&root, "memo.db").unwrap();
        assert!(
            again.get(&keys).iter().all(Option::is_some),
            "what this version stores stays"
        );
    }
}
