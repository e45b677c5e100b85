//! Signals: a signal ends the process at a safe point. Unfinished work is dropped, and a rerun resumes from the files
//! as it does after a crash, so that there is only one path of recovery, which is tested.
#![allow(clippy::disallowed_methods)] // edge: signals, the end of the process

use std::time::Duration;

use crate::sys::{disk, process};

/// How long to wait for a file or commit that is being written.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Ends the process with exit code 0 on SIGTERM, SIGINT or SIGHUP, after `farewell` with the signal's name.
///
/// # Errors
/// The signal handler cannot be installed.
#[cfg(unix)]
pub(crate) fn on_signal(farewell: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    std::thread::spawn(move || {
        let name = match signals.forever().next() {
            Some(SIGTERM) => "SIGTERM",
            Some(SIGHUP) => "SIGHUP",
            _ => "SIGINT",
        };
        process::end_all();
        let _still = disk::try_hold_still(PATIENCE);
        farewell(name);
        std::process::exit(0);
    });
    Ok(())
}

/// On SIGTERM or SIGINT, kills the started programs before the signal ends this process immediately.
///
/// # Errors
/// The signal handler cannot be installed.
#[cfg(unix)]
pub(crate) fn with_programs() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            process::end_all();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// On other systems, a terminal's Ctrl-C reaches started programs too.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn with_programs() -> std::io::Result<()> {
    Ok(())
}

/// Ends the process with exit code 0 at a safe point, as after a signal, even if other threads are still working.
pub(crate) fn now() -> ! {
    process::end_all();
    let _still = disk::try_hold_still(PATIENCE);
    std::process::exit(0);
}

/// On other systems, the operating system ends the process; a rerun resumes from the files.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn on_signal(_: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    Ok(())
}
