//! The lock of a workspace: one process at a time, and a name for whoever holds it.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{DiskError, failed};

/// The lock of a workspace; the operating system frees it when its holder dies.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

/// Why a workspace could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else works here.
    #[error("this workspace is in use by {0}; wait for it to end, or end it")]
    Held(String),
    /// The lock file cannot be made.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Locks a workspace for writing, or names the holder. `holder` describes this process.
///
/// # Errors
/// See [`LockError`].
pub fn lock(path: &Path, holder: &str) -> Result<Lock, LockError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed("create", folder))?;
    let open = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path);
    let mut file = open.map_err(failed("open", path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let held_by = fs::read_to_string(path).unwrap_or_default();
            let held_by = held_by.trim();
            // The holder may not have written its name yet.
            let name = if held_by.is_empty() { "another kaizen" } else { held_by };
            return Err(LockError::Held(name.to_owned()));
        }
        Err(fs::TryLockError::Error(error)) => return Err(failed("lock", path)(error).into()),
    }
    file.set_len(0)
        .and_then(|()| file.write_all(holder.as_bytes()))
        .map_err(failed("write", path))?;
    Ok(Lock(file))
}

/// The same, but waits for so long while somebody else is at work.
///
/// # Errors
/// See [`LockError`].
pub fn lock_within(path: &Path, holder: &str, patience: Duration) -> Result<Lock, LockError> {
    let start = Instant::now();
    loop {
        match lock(path, holder) {
            Err(LockError::Held(_)) if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(20)),
            result => return result,
        }
    }
}
