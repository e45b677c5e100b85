//! The free space of the disk that holds a folder.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::path::Path;

use super::error::{DiskError, failed};

/// The bytes that this user may still write; `None` where the system cannot tell.
///
/// # Errors
/// The folder cannot be examined.
#[cfg(unix)]
pub(crate) fn free_bytes(folder: &Path) -> Result<Option<u64>, DiskError> {
    let facts = rustix::fs::statvfs(folder).map_err(std::io::Error::from);
    let facts = facts.map_err(failed("examine", folder))?;
    Ok(Some(facts.f_bavail.saturating_mul(facts.f_frsize)))
}

/// The bytes that this user may still write; `None` where the system cannot tell.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn free_bytes(_: &Path) -> Result<Option<u64>, DiskError> {
    Ok(None)
}
