//! Writes one output file. An existing file is kept, backed up or replaced, depending on its owner.

use std::path::{Path, PathBuf};

use super::{OutputError, WriteOutcome};
use crate::sys::disk::Root;

/// The owner of an existing file with other bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// kaizen wrote exactly these bytes: the file is replaced.
    Kaizen,
    /// kaizen created the file, but a person may have edited it: it is backed up.
    Either,
    /// A person wrote the file: it is kept, and nothing is written.
    Person,
}

/// Creates a file under `root`. A file with the same bytes may exist already.
///
/// # Errors
/// The path is taken by a file with other bytes, or by something other than a plain file.
pub(crate) fn create(root: &Root, name: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    write(root, name, bytes, &|_| Owner::Person).map(drop)
}

/// Writes a file under `root`; `owner` decides who owns the bytes of an existing file.
///
/// # Errors
/// The existing file is a person's, or not a plain file.
pub(crate) fn write(
    root: &Root,
    name: &Path,
    bytes: &[u8],
    owner: &dyn Fn(&[u8]) -> Owner,
) -> Result<WriteOutcome, OutputError> {
    let taken = || OutputError::Taken(root.join(name));
    let Some(present) = root.read(name)? else {
        return match root.publish_over(name, bytes, None)? {
            true => Ok(WriteOutcome::Written),
            false => Err(taken()),
        };
    };
    if present == bytes {
        return Ok(WriteOutcome::Written);
    }
    match owner(&present) {
        Owner::Person => Err(taken()),
        Owner::Either => {
            let backup = back_up(root, name)?;
            root.publish_over(name, bytes, None)?;
            Ok(WriteOutcome::BackedUp(backup))
        }
        Owner::Kaizen => match root.publish_over(name, bytes, Some(&present))? {
            true => Ok(WriteOutcome::Written),
            false => Err(taken()),
        },
    }
}

/// Checks in advance that [`write()`] would not refuse.
///
/// # Errors
/// See [`write()`].
pub(crate) fn check(root: &Root, name: &Path, owner: &dyn Fn(&[u8]) -> Owner) -> Result<(), OutputError> {
    match root.read(name)? {
        Some(present) if owner(&present) == Owner::Person => Err(OutputError::Taken(root.join(name))),
        _ => Ok(()),
    }
}

/// Renames a file to a free name such as `NAME.bak` or `NAME.bak.2`. Returns its new path.
///
/// # Errors
/// It cannot be renamed.
pub(crate) fn back_up(root: &Root, name: &Path) -> Result<PathBuf, OutputError> {
    for backup in names_beside(name) {
        if root.rename_to_free(name, &backup)? {
            return Ok(root.join(backup));
        }
    }
    Err(OutputError::Taken(root.join(name)))
}

/// Writes a copy of a file's bytes next to it, under a name that is free or has the same bytes. Returns the suffix.
///
/// # Errors
/// It cannot be written.
pub(crate) fn keep_copy(root: &Root, name: &Path, end: &str, bytes: &[u8]) -> Result<String, OutputError> {
    let numbers = (1_u32..).map(|number| match number {
        1 => end.to_owned(),
        _ => format!("{end}.{number}"),
    });
    for end in numbers.take(MOST_COPIES) {
        match create(root, &with_end(name, &end), bytes) {
            Err(OutputError::Taken(_)) => {}
            made => return made.map(|()| end),
        }
    }
    Err(OutputError::Taken(root.join(with_end(name, end))))
}

/// Maximum number of copies of one file.
const MOST_COPIES: usize = 10_000;

fn names_beside(name: &Path) -> impl Iterator<Item = PathBuf> {
    let numbered = (2_u32..).map(|number| with_end(name, &format!(".bak.{number}")));
    std::iter::once(with_end(name, ".bak"))
        .chain(numbered)
        .take(MOST_COPIES)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        (folder, root)
    }

    #[test]
    fn bytes_go_over_kaizens_own_and_never_over_a_persons() {
        let (_folder, root) = place();
        let name = Path::new("plan.schema.json");
        let text = |end: &str| root.read_text(with_end(name, end)).unwrap().unwrap();
        create(&root, name, b"one").unwrap();
        create(&root, name, b"one").unwrap();
        assert!(matches!(create(&root, name, b"two"), Err(OutputError::Taken(at)) if at == root.join(name)));
        assert_eq!(
            write(&root, name, b"two", &|_| Owner::Kaizen).unwrap(),
            WriteOutcome::Written
        );
        for (bytes, end) in [("three", ".bak"), ("four", ".bak.2")] {
            let written = write(&root, name, bytes.as_bytes(), &|_| Owner::Either).unwrap();
            assert_eq!(written, WriteOutcome::BackedUp(root.join(with_end(name, end))));
        }
        assert_eq!([text(""), text(".bak"), text(".bak.2")], ["four", "two", "three"]);
    }

    #[test]
    fn a_copy_takes_a_free_name_and_is_made_once() {
        let (_folder, root) = place();
        root.publish("tasks.jsonl.old", b"mine").unwrap();
        for _ in 0..2 {
            assert_eq!(
                keep_copy(&root, "tasks.jsonl".as_ref(), ".old", b"kept").unwrap(),
                ".old.2"
            );
        }
        assert_eq!(root.read("tasks.jsonl.old").unwrap().unwrap(), b"mine");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_folders_are_refused() {
        let (folder, root) = place();
        std::os::unix::fs::symlink(folder.path().join("nowhere"), folder.path().join("link")).unwrap();
        root.make_folder("folder").unwrap();
        for name in ["link", "folder", "link/file", "folder/../../file", "/file"] {
            assert!(create(&root, name.as_ref(), b"x").is_err(), "{name}");
        }
        assert!(!folder.path().join("nowhere").exists());
    }
}
