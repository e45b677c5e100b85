//! Stop: a signal ends the process at a safe point. Whatever was under way is dropped: a rerun goes on from the files,
//! by the same way as after a crash, so that there is only one way back and it is tested.
#![allow(clippy::disallowed_methods)] // edge: signals, the end of the process

use std::time::Duration;

use crate::sys::{disk, process};

/// A file or a commit that is being written is waited for, and no longer than this.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Ends the process with exit code 0 on SIGTERM, SIGINT or SIGHUP, after `farewell` with the signal's name.
///
/// # Errors
/// The operating system does not let us listen.
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

/// Ends the programs that were started before SIGTERM or SIGINT ends this process, which they do at once.
///
/// # Errors
/// The operating system does not let us listen.
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

/// Elsewhere a terminal's Ctrl-C reaches them too.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn with_programs() -> std::io::Result<()> {
    Ok(())
}

/// Ends the process with exit code 0, though threads of it may still be at work: at a safe point, as after a signal.
pub(crate) fn now() -> ! {
    process::end_all();
    let _still = disk::try_hold_still(PATIENCE);
    std::process::exit(0);
}

/// Elsewhere the operating system ends the process; the rerun goes on from the files.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn on_signal(_: impl FnOnce(&str) + Send + 'static) -> std::io::Result<()> {
    Ok(())
}
