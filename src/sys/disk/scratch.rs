//! Scratch folders: made below kaizen's own folder for programs to read, and removed when nobody needs them any more.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::OWN_FOLDER;
use super::error::DiskError;
use super::root::Root;

/// A folder of one process, removed when it is dropped.
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
        // What cannot be removed now is only in the way of nobody.
        let _ = self.root.remove_folder(&self.name);
    }
}

impl Root {
    /// A new folder that holds these files; only its owner can look into it.
    ///
    /// # Errors
    /// It cannot be made, or a file not written.
    pub(crate) fn scratch<'a>(
        &self,
        prefix: &str,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Scratch, DiskError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Another process has another number, and one that had this number has ended.
        let name = PathBuf::from(format!("{OWN_FOLDER}/scratch/{prefix}-{}-{number}", std::process::id()));
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
