//! Texts: what was sent, word for word, read from the store without making or changing a file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::digest::Digest;

/// The requests in a store whose digests begin with these digits, with their exact texts. A store that is not there holds
/// none.
///
/// # Errors
/// The file is there and cannot be read.
pub fn texts(store: &Path, digits: &str) -> Result<Vec<(Digest, String)>, String> {
    if !store.is_file() {
        return Ok(Vec::new());
    }
    let found = open(store).and_then(|connection| {
        // Not LIKE: a `%` is no digit.
        let mut select =
            connection.prepare("SELECT request, sent FROM call WHERE substr(request, 1, length(?1)) = ?1")?;
        let rows = select.query_map([digits], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.collect::<Result<Vec<_>, _>>()
    });
    let found = found.map_err(|error| format!("{}: {error}", store.display()))?;
    let known = |(request, sent): (String, String)| Some((request.parse().ok()?, sent));
    Ok(found.into_iter().filter_map(known).collect())
}

/// Opens the store to read. Without a log of its own beside it nobody is writing: SQLite then needs no files for locks,
/// which it would make.
fn open(store: &Path) -> rusqlite::Result<Connection> {
    let log = format!("{}-wal", store.display());
    let is_at_rest = Path::new(&log).metadata().map_or(true, |log| log.len() == 0);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !is_at_rest {
        return Connection::open_with_flags(store, flags);
    }
    let path = store
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let address = format!("file:{path}?immutable=1");
    Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_URI)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::store::Store;

    #[test]
    fn reading_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("100% mine?#");
        let (path, digest) = (own.join("calls.db"), Digest::of_bytes(b"1"));
        assert_eq!(texts(&path, "abcd"), Ok(Vec::new()));
        assert!(!own.exists());
        let store = Store::open(&path).unwrap();
        store.sending(&digest, "asked", "").unwrap();
        let wanted = Ok(vec![(digest, "asked".to_owned())]);
        assert_eq!(
            texts(&path, &digest.to_string()[..6]),
            wanted,
            "while another process writes"
        );
        drop(store);
        let names = || walkdir::WalkDir::new(&own).into_iter().count();
        let before = names();
        assert_eq!(texts(&path, &digest.to_string()), wanted);
        assert_eq!(names(), before);
    }

    #[test]
    fn what_is_no_store_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        std::fs::write(&path, "this is no database, it is a text that is long enough").unwrap();
        assert!(texts(&path, "abcd").unwrap_err().contains("calls.db"));
    }
}
