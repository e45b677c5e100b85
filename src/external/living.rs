//! The programs that run now: when this process is told to end, they end with it.
//!
//! Each is in a process group of its own, so that a time limit can end all that it started; the signals of a terminal
//! therefore do not reach it by themselves.
#![allow(clippy::disallowed_methods)] // edge: processes

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What runs.
struct Living {
    groups: BTreeSet<u32>,
    ending: bool,
}

static LIVING: Mutex<Living> = Mutex::new(Living {
    groups: BTreeSet::new(),
    ending: false,
});

fn living() -> MutexGuard<'static, Living> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts a program in, by its process number. One that starts while everything ends is ended at once.
pub(super) fn enter(process: u32) {
    let mut living = living();
    living.groups.insert(process);
    if living.ending {
        end(process);
    }
}

/// Counts a program out before it is waited for: from then on its number may be somebody else's. While everything ends,
/// nobody gets its result: that it was ended from outside says nothing about the agent.
pub(super) fn leave(process: u32) {
    let is_ending = || {
        let mut living = living();
        living.groups.remove(&process);
        living.ending
    };
    while is_ending() {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Ends every program that runs, with all that it started; from now on none comes to a result.
pub fn end_all() {
    let mut living = living();
    living.ending = true;
    living.groups.iter().copied().for_each(end);
}

#[cfg(unix)]
fn end(process: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = i32::try_from(process).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // A group without members is gone already.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end(_: u32) {}
