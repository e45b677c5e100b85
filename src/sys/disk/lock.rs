//! Locks: a workspace is used by one process at a time, and this process ends only when no write is in progress.
#![allow(clippy::disallowed_methods)] // edge: the file system, the clock

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use cap_std::fs::OpenOptions;

use super::error::{DiskError, failed};
use super::root::Root;

/// Delay between two attempts.
const STEP: Duration = Duration::from_millis(20);
/// Maximum number of bytes read of what a holder says about itself.
const LONGEST_HOLDER: u64 = 4096;

/// Locked during work that must not be interrupted: replacing a file, running a git process that writes.
static AT_WORK: Mutex<()> = Mutex::new(());

/// The lock of a workspace; the operating system releases it when its holder ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// The text in which the holder says what it does; `None` if the system has no further handles. It keeps the lock,
    /// so it must be dropped before.
    pub(crate) fn text(&self) -> Option<LockText> {
        self.0.try_clone().ok().map(LockText)
    }
}

/// What the holder of a lock says about itself.
#[derive(Debug)]
pub(crate) struct LockText(File);

impl LockText {
    /// Replaces the text; the first line names the holder. It is for messages only, so a failure is ignored. Two threads
    /// must not write at once.
    pub(crate) fn write(&self, holder: &str) {
        let mut file = &self.0;
        // A reader may find the new text before the rest of a longer old one.
        let written = file.rewind().and_then(|()| file.write_all(holder.as_bytes()));
        let _ = written.and_then(|()| file.set_len(holder.len() as u64));
    }
}

/// Why a workspace could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process works in the workspace.
    #[error("this workspace is in use by {0}; wait until it ends, or stop it")]
    Held(String),
    /// The lock file cannot be created.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Root {
    /// Locks a workspace for writing. `holder` describes this process.
    ///
    /// # Errors
    /// See [`LockError`].
    pub(crate) fn lock(&self, path: impl AsRef<Path>, holder: &str) -> Result<Lock, LockError> {
        let path = path.as_ref();
        let mut file = self.lock_file(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let holder = holder_of(&mut file);
                return Err(LockError::Held(holder.lines().next().unwrap_or_default().to_owned()));
            }
            Err(fs::TryLockError::Error(error)) => return Err(failed("lock", &self.join(path))(error).into()),
        }
        file.set_len(0)
            .and_then(|()| file.write_all(holder.as_bytes()))
            .map_err(failed("write", &self.join(path)))?;
        Ok(Lock(file))
    }

    /// Like [`Self::lock`], but waits up to `patience` if another process holds the lock.
    ///
    /// # Errors
    /// See [`LockError`].
    pub(crate) fn lock_within(
        &self,
        path: impl AsRef<Path>,
        holder: &str,
        patience: Duration,
    ) -> Result<Lock, LockError> {
        let start = Instant::now();
        loop {
            match self.lock(path.as_ref(), holder) {
                Err(LockError::Held(_)) if start.elapsed() < patience => std::thread::sleep(STEP),
                result => return result,
            }
        }
    }

    /// What the holder of a lock says about itself; `None` if the lock is free.
    ///
    /// # Errors
    /// The file cannot be opened, or the system has no such locks.
    pub(crate) fn lock_holder(&self, path: impl AsRef<Path>) -> Result<Option<String>, DiskError> {
        let path = path.as_ref();
        let mut options = OpenOptions::new();
        options.read(true);
        let Some(mut file) = self.open_plain(&self.relative(path)?, &options)? else {
            return Ok(None);
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(fs::TryLockError::WouldBlock) => Ok(Some(holder_of(&mut file))),
            Err(fs::TryLockError::Error(error)) => Err(failed("lock", &self.join(path))(error)),
        }
    }

    fn lock_file(&self, path: &Path) -> Result<File, DiskError> {
        let relative = self.relative(path)?;
        self.made_folder(relative.parent().unwrap_or(Path::new("")))?;
        let mut options = OpenOptions::new();
        options.create(true).read(true).write(true);
        let gone = || failed("open", &self.join(path))(ErrorKind::NotFound.into());
        self.open_plain(&relative, &options)?.ok_or_else(gone)
    }
}

/// The holder of a lock, which may not have written its name yet.
fn holder_of(file: &mut File) -> String {
    let mut name = String::new();
    // Best effort: the name is only for the message.
    let _ = file.take(LONGEST_HOLDER).read_to_string(&mut name);
    match name.trim() {
        "" => "another kaizen".to_owned(),
        name => name.to_owned(),
    }
}

/// Waits until all work that must not be interrupted has finished, and prevents more such work from starting.
pub(crate) fn hold_still() -> MutexGuard<'static, ()> {
    AT_WORK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Like [`hold_still`], but gives up after `at_most`, because a user's hook may never end.
pub(crate) fn try_hold_still(at_most: Duration) -> Option<MutexGuard<'static, ()>> {
    let start = Instant::now();
    loop {
        match AT_WORK.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) if start.elapsed() >= at_most => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}
