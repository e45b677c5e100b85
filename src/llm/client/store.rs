//! The store of calls: what was sent and what came back, by the digest of exactly what was asked. What is paid for is
//! in it before it is used, so that it is never paid twice.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::digest::Digest;
use crate::sys::disk::Root;

/// Calls in a SQLite file. It is private: it holds the exact texts.
pub(crate) struct Store(Mutex<Connection>);

/// An answer that was paid for.
#[derive(Debug, PartialEq)]
pub(crate) struct Paid {
    /// The body of the reply, as it came.
    pub body: String,
    /// Dollars; `None` when unknown.
    pub cost_usd: Option<f64>,
}

impl Store {
    /// Opens or makes a store.
    ///
    /// # Errors
    /// The file cannot be made or is none; it is left as it is, since it is worth money.
    pub(crate) fn open(root: &Root, name: &str) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| {
            format!(
                "{}: {error}; it holds what was paid for: restore it, or remove it and pay again",
                root.join(name).display()
            )
        };
        root.make_private(name).map_err(|error| failed(&error))?;
        let connection = root.open_database(name).map_err(|error| failed(&error))?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
                 CREATE TABLE IF NOT EXISTS call (
                     request TEXT PRIMARY KEY, sent TEXT NOT NULL, body TEXT, cost_usd REAL, scope TEXT NOT NULL
                 ) WITHOUT ROWID;",
            )
            .map_err(|error| failed(&error))?;
        Ok(Self(Mutex::new(connection)))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came back when this was asked before.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn paid(&self, request: &Digest) -> Result<Option<Paid>, String> {
        let connection = self.connection();
        let mut select = connection
            .prepare_cached("SELECT body, cost_usd FROM call WHERE request = ?1 AND body IS NOT NULL")
            .map_err(|error| error.to_string())?;
        let paid = select.query_row([request.to_string()], |row| {
            Ok(Paid {
                body: row.get(0)?,
                cost_usd: row.get(1)?,
            })
        });
        paid.optional().map_err(|error| error.to_string())
    }

    /// Keeps what is about to be sent. `scope` tells what to forget when a phase is asked to be done again.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn sending(&self, request: &Digest, sent: &str, scope: &str) -> Result<(), String> {
        let connection = self.connection();
        let done = connection
            .prepare_cached("INSERT OR IGNORE INTO call (request, sent, scope) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![request.to_string(), sent, scope]));
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Keeps what came back.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn received(&self, request: &Digest, paid: &Paid) -> Result<(), String> {
        let connection = self.connection();
        let done = connection
            .prepare_cached("UPDATE call SET body = ?2, cost_usd = ?3 WHERE request = ?1")
            .and_then(|mut update| update.execute(params![request.to_string(), paid.body, paid.cost_usd]));
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Forgets what came back in a scope, so that it is asked anew; what was sent stays.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn forget(&self, scope: &str) -> Result<usize, String> {
        let connection = self.connection();
        let done = connection.execute("UPDATE call SET body = NULL WHERE scope = ?1", [scope]);
        done.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::client::{STORE, texts};

    #[test]
    fn what_was_paid_for_is_kept_and_shown() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let (one, two) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        let paid = || Paid {
            body: "{}".into(),
            cost_usd: Some(0.5),
        };
        {
            let store = Store::open(&root, STORE).unwrap();
            store.sending(&one, "asked", "s/plan").unwrap();
            assert_eq!(store.paid(&one).unwrap(), None, "sent, and nothing came back");
            store.received(&one, &paid()).unwrap();
        }
        let store = Store::open(&root, STORE).unwrap();
        assert_eq!(store.paid(&one).unwrap(), Some(paid()));
        assert_eq!(store.paid(&two).unwrap(), None);
        let sent = |digits: &str| texts(&root, digits).unwrap();
        assert_eq!(sent(&one.to_string()[..8]), [(one, "asked".to_owned())]);
        assert!(sent("00000000").is_empty() && sent("%").is_empty());
        assert_eq!(store.forget("s/plan").unwrap(), 1);
        assert_eq!(store.paid(&one).unwrap(), None);
        assert_eq!(sent(&one.to_string()).len(), 1, "what was sent stays");
    }

    #[test]
    fn a_file_that_is_no_store_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        std::fs::write(&path, "this is no database, it is a text that is long enough").unwrap();
        let error = Store::open(&Root::open(folder.path()).unwrap(), "calls.db")
            .err()
            .unwrap();
        assert!(error.contains("calls.db") && error.contains("restore it"), "{error}");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is"));
    }
}
