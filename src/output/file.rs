//! One output file: written where nothing is, and over bytes that are known to be kaizen's.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::{self, FileType, Metadata};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::{OutputError, Written};
use crate::disk;

/// Whose a file is whose bytes differ from those that are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// kaizen wrote these very bytes: they may be replaced.
    Kaizen,
    /// It began as kaizen's, and a person may have edited it: it is kept aside.
    Either,
    /// A person wrote it: it stays, and nothing is written.
    Person,
}

/// Writes a file where there is none. The same bytes may be there already.
///
/// # Errors
/// Other bytes are there, or something that is no plain file.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    write(path, bytes, &|_| Owner::Person).map(drop)
}

/// Writes a file; `owner` says whose the bytes are that are in its place.
///
/// # Errors
/// They are a person's, or what is there is no plain file.
pub fn write(path: &Path, bytes: &[u8], owner: &dyn Fn(&[u8]) -> Owner) -> Result<Written, OutputError> {
    let taken = || OutputError::Taken(path.to_owned());
    let Some(present) = plain(path)? else {
        return match disk::publish_over(path, bytes, None)? {
            true => Ok(Written::There),
            false => Err(taken()),
        };
    };
    if present == bytes {
        return Ok(Written::There);
    }
    match owner(&present) {
        Owner::Person => Err(taken()),
        Owner::Either => {
            let aside = move_aside(path)?;
            disk::publish_over(path, bytes, None)?;
            Ok(Written::KeptAside(aside))
        }
        Owner::Kaizen => match disk::publish_over(path, bytes, Some(&present))? {
            true => Ok(Written::There),
            false => Err(taken()),
        },
    }
}

/// Makes sure that [`write`] would not refuse.
///
/// # Errors
/// See [`write`].
pub fn check(path: &Path, owner: &dyn Fn(&[u8]) -> Owner) -> Result<(), OutputError> {
    match plain(path)? {
        Some(present) if owner(&present) == Owner::Person => Err(OutputError::Taken(path.to_owned())),
        _ => Ok(()),
    }
}

/// The bytes of a plain file; `None` where there is nothing.
///
/// # Errors
/// There is something else, such as a link.
pub fn plain(path: &Path) -> Result<Option<Vec<u8>>, OutputError> {
    match entry(path)? {
        None => Ok(None),
        Some(found) if found.is_file() => Ok(disk::read(path)?),
        Some(found) => Err(OutputError::Special {
            path: path.to_owned(),
            what: words(found.file_type()),
        }),
    }
}

/// Whether anything has this name, a link that leads nowhere included.
pub fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Gives a file another name beside it, `NAME.bak` or `NAME.bak.2`, and never that of another file.
///
/// # Errors
/// It cannot be renamed.
pub fn move_aside(path: &Path) -> Result<PathBuf, OutputError> {
    for aside in names_beside(path) {
        // A hard link fails where the name is taken; a rename would replace what has it.
        match fs::hard_link(path, &aside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Ok(()) => {
                disk::remove(path)?;
                return Ok(aside);
            }
            // Some file systems have no hard links.
            Err(_) if !is_taken(&aside) => {
                fs::rename(path, &aside).map_err(disk::failed("move aside", path))?;
                return Ok(aside);
            }
            Err(_) => {}
        }
    }
    Err(OutputError::Taken(path.to_owned()))
}

/// Writes a copy of a file's bytes beside it, under a name that is free or has the same bytes, and returns the name's end.
///
/// # Errors
/// It cannot be written.
pub fn keep_copy(path: &Path, end: &str, bytes: &[u8]) -> Result<String, OutputError> {
    let numbers = (1_u32..).map(|number| match number {
        1 => end.to_owned(),
        _ => format!("{end}.{number}"),
    });
    for end in numbers.take(MOST_COPIES) {
        match create(&with_end(path, &end), bytes) {
            Err(OutputError::Taken(_) | OutputError::Special { .. }) => {}
            made => return made.map(|()| end),
        }
    }
    Err(OutputError::Taken(with_end(path, end)))
}

/// More copies of one file than anybody keeps.
const MOST_COPIES: usize = 10_000;

fn names_beside(path: &Path) -> impl Iterator<Item = PathBuf> {
    let numbered = (2_u32..).map(|number| with_end(path, &format!(".bak.{number}")));
    std::iter::once(with_end(path, ".bak"))
        .chain(numbered)
        .take(MOST_COPIES)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Makes sure that no folder between `root` and the file is a link, which would lead the output elsewhere.
///
/// # Errors
/// One is, or the path leads out of `root`.
pub fn refuse_links(root: &Path, relative: &Path) -> Result<(), OutputError> {
    let mut path = root.to_owned();
    for part in relative.components() {
        path.push(part);
        let what = match (part, entry(&path)?) {
            (Component::Normal(_), Some(found)) if found.is_symlink() => words(found.file_type()),
            (Component::Normal(_), _) => continue,
            _ => "outside of its folder",
        };
        return Err(OutputError::Special { path, what });
    }
    Ok(())
}

/// What has a name, links not followed; `None` where there is nothing.
fn entry(path: &Path) -> Result<Option<Metadata>, OutputError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(disk::failed("look at", path)(error).into()),
    }
}

fn words(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_file() => "a file",
        _ => "not a plain file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_over_kaizens_own_and_never_over_a_persons() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.schema.json");
        create(&path, b"one").unwrap();
        create(&path, b"one").unwrap();
        assert!(matches!(create(&path, b"two"), Err(OutputError::Taken(at)) if at == path));
        assert_eq!(write(&path, b"two", &|_| Owner::Kaizen).unwrap(), Written::There);
        let aside = |name: &str| Written::KeptAside(folder.path().join(name));
        assert_eq!(
            write(&path, b"three", &|_| Owner::Either).unwrap(),
            aside("plan.schema.json.bak")
        );
        assert_eq!(
            write(&path, b"four", &|_| Owner::Either).unwrap(),
            aside("plan.schema.json.bak.2")
        );
        for (name, text) in [("", "four"), (".bak", "two"), (".bak.2", "three")] {
            assert_eq!(fs::read_to_string(with_end(&path, name)).unwrap(), text);
        }
    }

    #[test]
    fn a_copy_takes_a_free_name_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.jsonl");
        fs::write(with_end(&path, ".old"), "mine").unwrap();
        for _ in 0..2 {
            assert_eq!(keep_copy(&path, ".old", b"kept").unwrap(), ".old.2");
        }
        assert_eq!(fs::read(with_end(&path, ".old")).unwrap(), b"mine");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (root, link) = (folder.path(), folder.path().join("link"));
        std::os::unix::fs::symlink(root.join("nowhere"), &link).unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        for (path, what) in [(link.as_path(), "a symbolic link"), (&root.join("folder"), "a folder")] {
            let refused = create(path, b"x").unwrap_err().to_string();
            assert!(refused.ends_with(what), "{refused}");
        }
        assert!(is_taken(&link) && !root.join("nowhere").exists());
        assert!(refuse_links(root, "folder/new/file".as_ref()).is_ok());
        for relative in ["link/file", "folder/../../file", "/file"] {
            assert!(refuse_links(root, relative.as_ref()).is_err(), "{relative}");
        }
    }
}
