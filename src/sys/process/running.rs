//! The programs that run now. They stand in process groups of their own, which a terminal's Ctrl-C does not reach: whoever
//! ends this process ends them first.

use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Their numbers, which are those of their groups.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program, and knows it from then on.
pub(super) fn begin<E>(start: impl FnOnce() -> Result<Child, E>) -> Result<Child, E> {
    let mut running = running();
    let child = start()?;
    running.push(child.id());
    Ok(child)
}

/// Forgets a program that has ended; before it is waited for, as its number is another's then.
pub(super) fn end(child: &Child) {
    running().retain(|number| *number != child.id());
}

/// Ends every program and all that they started, for good: no other one starts, and nobody learns how they ended. This
/// process ends next; that a program was killed must not be taken for its answer.
pub(crate) fn end_all() {
    let running = running();
    running.iter().copied().for_each(kill);
    std::mem::forget(running);
}

/// Ends a program and all that it started.
#[cfg(unix)]
pub(super) fn kill(number: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = i32::try_from(number).ok().and_then(Pid::from_raw);
    // A group without members is gone already.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
}

/// Elsewhere a program is ended by its handle alone.
#[cfg(not(unix))]
pub(super) fn kill(_: u32) {}
