//! Signals: a signal ends the process at a safe point. Unfinished work is dropped, and a rerun resumes from the files
//! as it does after a crash, so that there is only one path of recovery, which is tested.
//!
//! A signal that was ignored when the process started stays ignored, as `nohup` and a shell's `&` expect.
#![allow(clippy::disallowed_methods)] // edge: signals, the end of the process

#[cfg(unix)]
use std::sync::LazyLock;
use std::time::Duration;

use crate::sys::{disk, process};

/// How long to wait for a file or commit that is being written.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long to wait for the last words, whose reader may have stopped reading.
#[cfg(unix)]
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The signals that end the process.
#[cfg(unix)]
const ENDING: [i32; 3] = {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    [SIGTERM, SIGINT, SIGHUP]
};

/// Ends the process with exit code 0 on SIGTERM, SIGINT or SIGHUP, after `farewell` with the signal's name.
///
/// # Errors
/// The signal handler cannot be installed.
#[cfg(unix)]
pub(crate) fn on_signal(farewell: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    on_first(move |signal| {
        process::end_all();
        let _still = disk::try_hold_still(PATIENCE);
        say(farewell, signal);
        std::process::exit(0);
    })
}

/// On SIGTERM, SIGINT or SIGHUP, kills the started programs and calls `farewell` with the signal's name before the
/// signal ends this process immediately.
///
/// # Errors
/// The signal handler cannot be installed.
#[cfg(unix)]
pub(crate) fn with_programs(farewell: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    on_first(move |signal| {
        process::end_all();
        say(farewell, signal);
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    })
}

/// Calls `end` in another thread on the first of the [`ENDING`] signals that is not ignored.
#[cfg(unix)]
fn on_first(end: impl FnOnce(i32) + Send + 'static) -> std::io::Result<()> {
    let heeded = ENDING.into_iter().filter(|signal| !is_ignored(*signal));
    let mut signals = signal_hook::iterator::Signals::new(heeded)?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end(signal);
        }
    });
    Ok(())
}

/// Says the last words in another thread, so that a reader that has stopped reading cannot keep the process alive.
#[cfg(unix)]
fn say(farewell: impl FnOnce(&str) + Send + 'static, signal: i32) {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        farewell(signal_hook::low_level::signal_name(signal).unwrap_or("a signal"));
        let _ = done.send(());
    });
    let _ = is_done.recv_timeout(LAST_WORDS);
}

/// Whether a signal was ignored when this process started. Only handlers of this module change that later.
#[cfg(unix)]
pub(crate) fn is_ignored(signal: i32) -> bool {
    static IGNORED: LazyLock<Vec<i32>> = LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").ok();
        let ignored = status.and_then(|status| ignored_in(&status));
        ignored.unwrap_or_else(ignored_by_children)
    });
    IGNORED.contains(&signal)
}

/// The ignored signals in the text of `/proc/self/status`; `None` if it does not list them.
#[cfg(unix)]
fn ignored_in(status: &str) -> Option<Vec<i32>> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some((1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1).collect())
}

/// The ignored signals among the [`ENDING`] ones. Child processes inherit which signals are ignored, so a shell that sends
/// itself one of them survives only if it is ignored.
#[cfg(unix)]
fn ignored_by_children() -> Vec<i32> {
    let survives = |signal: &i32| {
        let script = format!("kill -{signal} $$; exit 7");
        let ended = std::process::Command::new("sh").args(["-c", &script]).status();
        ended.is_ok_and(|status| status.code() == Some(7))
    };
    ENDING.into_iter().filter(survives).collect()
}

/// On other systems, a terminal's Ctrl-C reaches started programs too.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn with_programs(_: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    Ok(())
}

/// Ends the process with exit code 0 at a safe point, as after a signal, even if other threads are still working.
pub(crate) fn now() -> ! {
    process::end_all();
    let _still = disk::try_hold_still(PATIENCE);
    std::process::exit(0);
}

/// Ends the process like [`now`] once nobody can read from a pipe any more.
#[cfg(unix)]
pub(crate) fn on_closed(pipe: std::fs::File) {
    use rustix::event::{PollFd, PollFlags, poll};
    std::thread::spawn(move || {
        let gone = PollFlags::ERR | PollFlags::HUP;
        loop {
            let mut waits = [PollFd::new(&pipe, PollFlags::empty())];
            match poll(&mut waits, None) {
                Ok(_) if waits[0].revents().intersects(gone) => now(),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                // Then a closed pipe ends nothing.
                Err(_) => return,
            }
        }
    });
}

/// On other systems, a closed pipe ends nothing.
#[cfg(not(unix))]
pub(crate) fn on_closed(_: std::fs::File) {}

/// On other systems, the operating system ends the process; a rerun resumes from the files.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn on_signal(_: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_mask_tells_the_ignored_signals() {
        let status = |mask: &str| format!("Name:\tkaizen\nSigBlk:\t0000000000000000\nSigIgn:\t{mask}\n");
        for (mask, expected) in [
            ("0000000000000000", vec![]),
            ("0000000000001001", vec![1, 13]),
            ("0000000000000006", vec![2, 3]),
            ("8000000000004000", vec![15, 64]),
        ] {
            assert_eq!(ignored_in(&status(mask)), Some(expected), "{mask}");
        }
        assert_eq!(ignored_in("Name:\tkaizen\n"), None);
    }

    #[test]
    fn children_find_out_the_same() {
        let ignored = ENDING.into_iter().filter(|signal| is_ignored(*signal));
        assert_eq!(ignored_by_children(), ignored.collect::<Vec<_>>());
    }
}
