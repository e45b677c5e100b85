//! Texts: what was sent, word for word, read from the store without making or changing a file.

use super::STORE;
use crate::digest::Digest;
use crate::sys::disk::{DatabaseError, Root};

/// The requests in the store of a workspace whose digests begin with these digits, with their exact texts. A store that is not there holds
/// none.
///
/// # Errors
/// The file is there and cannot be read.
pub(crate) fn texts(root: &Root, digits: &str) -> Result<Vec<(Digest, String)>, String> {
    let named = |error: rusqlite::Error| format!("{}: {error}", root.join(STORE).display());
    let store = root.read_database(STORE).map_err(|error| match error {
        DatabaseError::Disk(error) => error.to_string(),
        DatabaseError::Sqlite(error) => named(error),
    })?;
    let Some(connection) = store else {
        return Ok(Vec::new());
    };
    let found = || {
        // Not LIKE: a `%` is no digit.
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
