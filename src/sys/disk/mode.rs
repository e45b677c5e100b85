//! The modes of files: who may write and execute them.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::io::ErrorKind;
use std::path::Path;

use cap_std::fs::OpenOptions;

use super::error::{DiskError, failed};
use super::root::Root;

impl Root {
    /// Whether there is a file that can be executed, according to its mode. Where files have no mode, none can.
    ///
    /// # Errors
    /// As for [`Root::has_file`].
    pub(crate) fn is_executable(&self, path: impl AsRef<Path>) -> Result<bool, DiskError> {
        let facts = self.facts(path.as_ref())?;
        #[cfg(unix)]
        {
            use cap_std::fs::PermissionsExt;
            Ok(facts.is_some_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0))
        }
        #[cfg(not(unix))]
        {
            // There is no mode.
            drop(facts);
            Ok(false)
        }
    }

    /// Whether there is a file that nobody may write, according to its mode.
    ///
    /// # Errors
    /// As for [`Root::has_file`].
    pub(crate) fn is_read_only(&self, path: impl AsRef<Path>) -> Result<bool, DiskError> {
        let facts = self.facts(path.as_ref())?;
        Ok(facts.is_some_and(|facts| facts.is_file() && facts.permissions().readonly()))
    }

    /// Lets everyone execute one of kaizen's files. Where files have no mode, nothing changes.
    ///
    /// # Errors
    /// There is no such file, or its mode cannot be changed.
    pub(crate) fn make_executable(&self, path: impl AsRef<Path>) -> Result<(), DiskError> {
        let relative = self.relative(path.as_ref())?;
        let whole = self.join(&relative);
        let gone = || failed("open", &whole)(ErrorKind::NotFound.into());
        let file = self
            .open_plain(&relative, OpenOptions::new().read(true))?
            .ok_or_else(gone)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o755);
            file.set_permissions(mode).map_err(failed("set the mode of", &whole))?;
        }
        #[cfg(not(unix))]
        drop(file);
        Ok(())
    }
}
