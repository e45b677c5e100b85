//! The programs that are running. They are in their own process groups, which a terminal's Ctrl-C does not reach, so
//! they must be killed before this process ends.

use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The process ids of running programs, which are also their group ids.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program and registers it.
pub(super) fn begin<E>(start: impl FnOnce() -> Result<Child, E>) -> Result<Child, E> {
    let mut running = running();
    let child = start()?;
    running.push(child.id());
    Ok(child)
}

/// Unregisters a program that has ended. Must be called before it is reaped, because its process id may be reused then.
pub(super) fn end(child: &Child) {
    running().retain(|number| *number != child.id());
}

/// Kills the process groups of all programs, and prevents further starts and the reading of results. This process ends
/// next; a killed program must not be mistaken for one that failed.
pub(crate) fn end_all() {
    let running = running();
    running.iter().copied().for_each(kill);
    std::mem::forget(running);
}

/// Kills a program's process group.
#[cfg(unix)]
pub(super) fn kill(number: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = i32::try_from(number).ok().and_then(Pid::from_raw);
    // Fails only if the group has already ended.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
}

/// On other systems, a program is killed through its handle only.
#[cfg(not(unix))]
pub(super) fn kill(_: u32) {}
