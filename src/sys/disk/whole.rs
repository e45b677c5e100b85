//! Whole: what must not be cut in half is waited for before the process ends.
#![allow(clippy::disallowed_methods)] // edge: the clock

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// Held by whatever must not be cut in half: a file that is being replaced, a git process that writes.
static AT_WORK: Mutex<()> = Mutex::new(());

/// Waits until nothing is at work that must not be cut in half, and keeps everybody from beginning such work.
pub(crate) fn hold_still() -> MutexGuard<'static, ()> {
    AT_WORK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same, unless it takes too long: a hook of the user's may never end.
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
