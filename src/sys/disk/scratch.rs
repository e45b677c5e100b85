//! Scratch folders: temporary folders under kaizen's own folder, with files for programs to read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::OWN_FOLDER;
use super::error::DiskError;
use super::leftover;
use super::root::Root;

/// The folder of all scratch folders, in kaizen's own folder.
pub(super) const SCRATCH: &str = "scratch";

/// A temporary folder, removed on drop.
#[derive(Debug)]
pub(crate) struct Scratch {
    root: Root,
    name: PathBuf,
    path: PathBuf,
}

impl Scratch {
    /// The folder's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: a later command removes a leftover.
        let _ = self.root.remove_folder(&self.name);
    }
}

impl Root {
    /// Creates a folder with these files; only its owner can read it.
    ///
    /// # Errors
    /// The folder cannot be created, or a file cannot be written.
    pub(crate) fn scratch<'a>(
        &self,
        prefix: &str,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Scratch, DiskError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Unique: other running processes have other marks, and an earlier process with this one has ended.
        let name = PathBuf::from(format!("{OWN_FOLDER}/{SCRATCH}/{prefix}-{}-{number}", leftover::mark()));
        self.fill_folder(&name, files)?;
        Ok(Scratch {
            root: self.clone(),
            path: self.join(&name),
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lasts_as_long_as_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let one = root.scratch("harness", [("agents/a.md", &b"x"[..])]).unwrap();
        let other = root.scratch("harness", []).unwrap();
        assert_ne!(one.path(), other.path());
        let file = one.path().join("agents/a.md");
        assert_eq!(std::fs::read(&file).unwrap(), b"x");
        drop(one);
        assert!(!file.exists() && other.path().is_dir());
    }
}
