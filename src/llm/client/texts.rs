//! Texts: what was sent, word for word, read from the store without making or changing a file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::STORE;
use crate::digest::Digest;
use crate::sys::disk::Root;

/// The requests in the store of a workspace whose digests begin with these digits, with their exact texts. A store that is not there holds
/// none.
///
/// # Errors
/// The file is there and cannot be read.
pub fn texts(root: &Root, digits: &str) -> Result<Vec<(Digest, String)>, String> {
    let store = root.existing_database(STORE).map_err(|error| error.to_string())?;
    let Some(store) = store else {
        return Ok(Vec::new());
    };
    let found = open(&store).and_then(|connection| {
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
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
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
    use crate::llm::client::store::Store;

    #[test]
    fn reading_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("100% mine?#");
        std::fs::create_dir(&place).unwrap();
        let (root, digest) = (Root::open(&place).unwrap(), Digest::of_bytes(b"1"));
        assert_eq!(texts(&root, "abcd"), Ok(Vec::new()));
        let names = || walkdir::WalkDir::new(&place).into_iter().count();
        assert_eq!(names(), 1, "nothing was made");
        let store = Store::open(&root, STORE).unwrap();
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
