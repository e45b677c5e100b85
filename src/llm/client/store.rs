//! The store of calls: requests and replies by the digest of the exact request. A paid reply is stored before it is
//! used, so that it is never paid for twice. The texts of requests can be read without creating or changing the file.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::STORE;
use crate::artifact::Money;
use crate::digest::Digest;
use crate::sys::disk::{DatabaseError, Root, sqlite_problem, system_error};

/// Calls in a SQLite file. The file is private, because it contains the exact texts.
pub(crate) struct CallStore(Mutex<Connection>);

/// A paid answer.
#[derive(Debug, PartialEq)]
pub(crate) struct PaidReply {
    /// The body of the reply, unchanged.
    pub body: String,
    /// Dollars; `None` when unknown.
    pub cost_usd: Option<Money>,
}

impl CallStore {
    /// Opens a store, or creates it.
    ///
    /// # Errors
    /// The file cannot be created or is not a store. It is left unchanged, because its content may have been paid for.
    pub(crate) fn open(root: &Root, name: &str) -> Result<Self, String> {
        let path = root.join(name);
        let failed = |error: rusqlite::Error| match system_error(&error) {
            Some(_) => format!("{}: {}", path.display(), sqlite_problem(&error)),
            None => format!(
                "{}: {error}; it contains paid answers: restore it, or remove it and pay again",
                path.display()
            ),
        };
        root.make_private(name).map_err(|error| error.to_string())?;
        let connection = root.open_database(name).map_err(|error| match error {
            DatabaseError::Disk(error) => error.to_string(),
            DatabaseError::Sqlite(error) => failed(error),
        })?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
                 CREATE TABLE IF NOT EXISTS call (
                     request TEXT PRIMARY KEY, sent TEXT NOT NULL, body TEXT, cost_usd REAL, scope TEXT NOT NULL
                 ) WITHOUT ROWID;",
            )
            .map_err(failed)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stored answer to a request.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn paid(&self, request: &Digest) -> Result<Option<PaidReply>, String> {
        let connection = self.connection();
        let mut select = connection
            .prepare_cached("SELECT body, cost_usd FROM call WHERE request = ?1 AND body IS NOT NULL")
            .map_err(|error| sqlite_problem(&error))?;
        let paid = select.query_row([request.to_string()], |row| {
            Ok(PaidReply {
                body: row.get(0)?,
                cost_usd: row.get::<_, Option<f64>>(1)?.and_then(Money::from_usd),
            })
        });
        paid.optional().map_err(|error| sqlite_problem(&error))
    }

    /// Stores a request before it is sent. `scope` groups the answers that [`Self::forget`] deletes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn sending(&self, request: &Digest, sent: &str, scope: &str) -> Result<(), String> {
        let connection = self.connection();
        let done = connection
            .prepare_cached("INSERT OR IGNORE INTO call (request, sent, scope) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![request.to_string(), sent, scope]));
        done.map(|_| ()).map_err(|error| sqlite_problem(&error))
    }

    /// Stores the answer to a request.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn received(&self, request: &Digest, paid: &PaidReply) -> Result<(), String> {
        let connection = self.connection();
        let done = connection
            .prepare_cached("UPDATE call SET body = ?2, cost_usd = ?3 WHERE request = ?1")
            .and_then(|mut update| {
                update.execute(params![request.to_string(), paid.body, paid.cost_usd.map(Money::usd)])
            });
        done.map(|_| ()).map_err(|error| sqlite_problem(&error))
    }

    /// Deletes the answers of a scope, so that the requests are sent again; the requests stay in the store.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn forget(&self, scope: &str) -> Result<usize, String> {
        let connection = self.connection();
        let done = connection.execute("UPDATE call SET body = NULL WHERE scope = ?1", [scope]);
        done.map_err(|error| sqlite_problem(&error))
    }
}

/// The requests in a workspace's store whose digests start with these digits, with their exact texts. Empty if there is
/// no store.
///
/// # Errors
/// The file exists but cannot be read.
pub(crate) fn texts(root: &Root, digits: &str) -> Result<Vec<(Digest, String)>, String> {
    let named = |error| format!("{}: {}", root.join(STORE).display(), sqlite_problem(&error));
    let store = root.read_database(STORE).map_err(|error| match error {
        DatabaseError::Disk(error) => error.to_string(),
        DatabaseError::Sqlite(error) => named(error),
    })?;
    let Some(connection) = store else {
        return Ok(Vec::new());
    };
    let found = || {
        // Not LIKE, where `%` would match anything.
        let mut select =
            connection.prepare("SELECT request, sent FROM call WHERE substr(request, 1, length(?1)) = ?1")?;
        let rows = select.query_map([digits], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    let found = found().map_err(named)?;
    let known = |(request, sent): (String, String)| Some((request.parse().ok()?, sent));
    Ok(found.into_iter().filter_map(known).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_paid_for_is_kept_and_shown() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let (one, two) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        let paid = || PaidReply {
            body: "{}".into(),
            cost_usd: Money::from_usd(0.5),
        };
        {
            let store = CallStore::open(&root, STORE).unwrap();
            store.sending(&one, "asked", "s/plan").unwrap();
            assert_eq!(store.paid(&one).unwrap(), None, "sent, but not answered");
            store.received(&one, &paid()).unwrap();
        }
        let store = CallStore::open(&root, STORE).unwrap();
        assert_eq!(store.paid(&one).unwrap(), Some(paid()));
        assert_eq!(store.paid(&two).unwrap(), None);
        let sent = |digits: &str| texts(&root, digits).unwrap();
        assert_eq!(sent(&one.to_string()[..8]), [(one, "asked".to_owned())]);
        assert!(sent("00000000").is_empty() && sent("%").is_empty());
        assert_eq!(store.forget("s/plan").unwrap(), 1);
        assert_eq!(store.paid(&one).unwrap(), None);
        assert_eq!(sent(&one.to_string()).len(), 1, "the request stays");
    }

    #[test]
    fn a_file_that_is_no_store_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        std::fs::write(&path, "this is no database, it is a text that is long enough").unwrap();
        let error = CallStore::open(&Root::open(folder.path()).unwrap(), "calls.db")
            .err()
            .unwrap();
        assert!(error.contains("calls.db") && error.contains("restore it"), "{error}");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is"));
    }

    #[test]
    fn reading_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("100% mine?#");
        std::fs::create_dir(&place).unwrap();
        let (root, digest) = (Root::open(&place).unwrap(), Digest::of_bytes(b"1"));
        assert_eq!(texts(&root, "abcd"), Ok(Vec::new()));
        let names = || walkdir::WalkDir::new(&place).into_iter().count();
        assert_eq!(names(), 1, "nothing was created");
        let store = CallStore::open(&root, STORE).unwrap();
        store.sending(&digest, "asked", "").unwrap();
        let wanted = Ok(vec![(digest, "asked".to_owned())]);
        assert_eq!(
            texts(&root, &digest.to_string()[..6]),
            wanted,
            "while another process writes"
        );
        drop(store);
        let before = names();
        assert_eq!(texts(&root, &digest.to_string()), wanted);
        assert_eq!(names(), before);
    }

    #[test]
    fn what_is_no_store_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        root.make_folder(".kaizen").unwrap();
        std::fs::write(
            root.join(STORE),
            "this is no database, it is a text that is long enough",
        )
        .unwrap();
        assert!(texts(&root, "abcd").unwrap_err().contains("calls.db"));
    }
}
