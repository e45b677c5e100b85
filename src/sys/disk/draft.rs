//! Drafts: temporary files for content that is too large for memory.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs::File;
use std::path::Path;

use cap_std::fs::Dir;

use super::OWN_FOLDER;
use super::error::{DiskError, failed};
use super::publish::create;
use super::root::Root;

/// A temporary file in kaizen's own folder, removed on drop.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    /// The file's folder and name, if it still has a name.
    named: Option<(Dir, String)>,
}

impl Draft {
    /// The open file, for writing and reading.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some((folder, name)) = &self.named {
            // Best effort: a leftover file is never read.
            let _ = folder.remove_file(name);
        }
    }
}

impl Root {
    /// Creates an empty draft that only its owner can read.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) fn draft(&self) -> Result<Draft, DiskError> {
        let folder = self.made_folder(Path::new(OWN_FOLDER))?;
        let (name, file) = create(&folder).map_err(failed("write in", &self.join(OWN_FOLDER)))?;
        // Remove the name at once if the system allows it, so that a killed process leaves nothing behind.
        let is_nameless = cfg!(unix) && folder.remove_file(&name).is_ok();
        Ok(Draft {
            file,
            named: (!is_nameless).then_some((folder, name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;
    use crate::digest::Digest;

    #[test]
    fn a_draft_is_copied_as_a_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut draft = root.draft().unwrap();
        draft.file().write_all(b"words").unwrap();
        let (words, others) = (Digest::of_bytes(b"words"), Digest::of_bytes(b"others"));
        let mut copy = |wanted, expected| root.publish_copy("a.txt", draft.file(), wanted, expected).unwrap();
        assert!(!copy(&others, None), "it has another digest");
        assert!(copy(&words, None));
        assert!(!copy(&words, None), "a file exists");
        assert!(copy(&words, Some(words)));
        draft.file().rewind().unwrap();
        draft.file().read_to_end(&mut Vec::new()).unwrap();
        drop(draft);
        assert_eq!(root.read("a.txt").unwrap().unwrap(), b"words");
        assert_eq!(std::fs::read_dir(folder.path().join(OWN_FOLDER)).unwrap().count(), 0);
    }
}
