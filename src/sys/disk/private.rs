//! Private files and folders, which only their owner can read, because they contain other people's texts.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::io::ErrorKind;
use std::path::Path;

use cap_std::fs::OpenOptions;

use super::error::{DiskError, failed};
use super::root::Root;

impl Root {
    /// Creates a file that only its owner can read, unless it exists; publishing to it keeps the mode.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) fn make_private(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        self.made_folder(relative.parent().unwrap_or(Path::new("")))?;
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let gone = || failed("create", &self.join(&relative))(ErrorKind::NotFound.into());
        self.open_plain(&relative, &options)?.ok_or_else(gone).map(|_| ())
    }

    /// Creates a folder that only its owner can read.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) fn make_private_folder(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        let folder = self.made_folder(&relative)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = cap_std::fs::Permissions::from_std(std::fs::Permissions::from_mode(0o700));
            folder
                .set_permissions(".", private)
                .map_err(failed("set the mode of", &self.join(&relative)))?;
        }
        #[cfg(not(unix))]
        drop(folder);
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_private_stays_so_when_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        root.make_private("in/log.jsonl").unwrap();
        root.publish("in/log.jsonl", b"words").unwrap();
        root.make_private("in/log.jsonl").unwrap();
        assert_eq!(root.read("in/log.jsonl").unwrap().unwrap(), b"words");
        root.make_private_folder("in").unwrap();
        for (path, wanted) in [("in/log.jsonl", 0o600), ("in", 0o700)] {
            let facts = std::fs::metadata(folder.path().join(path)).unwrap();
            assert_eq!(facts.permissions().mode() & 0o777, wanted, "{path}");
        }
    }
}
