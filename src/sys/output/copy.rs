//! Copies content of any size to a new file, and never over a person's file.

use std::io::{Read, Seek};
use std::path::Path;

use super::OutputError;
use crate::digest::Digest;
use crate::sys::disk::Root;

/// Copies content with the digest `digest` to a new file under `root`. A file with the same bytes may exist already,
/// and so may an empty one, which a crash can leave.
///
/// # Errors
/// The file exists with other bytes, the content has another digest, or the file system fails.
pub(crate) fn copy(
    root: &Root,
    name: &Path,
    content: &mut (impl Read + Seek),
    digest: &Digest,
) -> Result<(), OutputError> {
    let present = check_copy(root, name, digest)?;
    if present.as_ref() == Some(digest) || root.publish_copy(name, content, digest, present)? {
        return Ok(());
    }
    Err(match root.digest(name)? == present {
        true => OutputError::Changed,
        false => OutputError::Taken(root.join(name)),
    })
}

/// Checks in advance that [`copy`] would not refuse. Returns the digest of the existing file.
///
/// # Errors
/// The file exists with other bytes, or cannot be read.
pub(crate) fn check_copy(root: &Root, name: &Path, digest: &Digest) -> Result<Option<Digest>, OutputError> {
    let present = root.digest(name)?;
    match present {
        Some(other) if other != *digest && other != Digest::of_bytes(b"") => Err(OutputError::Taken(root.join(name))),
        _ => Ok(present),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_copy_replaces_nothing_but_an_empty_file_and_is_what_was_announced() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let (words, name) = (Digest::of_bytes(b"words"), Path::new("in/a"));
        let copy = |bytes: &[u8], name: &Path| copy(&root, name, &mut Cursor::new(bytes), &words);
        root.publish(name, b"").unwrap();
        for _ in 0..2 {
            copy(b"words", name).unwrap();
        }
        assert!(matches!(copy(b"others", Path::new("in/b")), Err(OutputError::Changed)));
        root.publish("in/c", b"mine").unwrap();
        assert!(matches!(copy(b"words", Path::new("in/c")), Err(OutputError::Taken(_))));
        let texts = ["in/a", "in/b", "in/c"].map(|name| root.read_text(name).unwrap());
        assert_eq!(texts, [Some("words".to_owned()), None, Some("mine".to_owned())]);
    }
}
