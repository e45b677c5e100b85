//! Takes the terminal for a view, and gives it back however the view ends: by a key, an error, a panic or a signal.

use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::DefaultTerminal;

/// Whether a view has the terminal.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes the terminal. A panic gives it back before it is reported.
///
/// # Errors
/// The terminal cannot be used so.
pub(super) fn take() -> std::io::Result<DefaultTerminal> {
    IS_TAKEN.store(true, Ordering::SeqCst);
    ratatui::try_init().inspect_err(|_| restore())
}

/// Gives the terminal back, if a view has it.
pub(crate) fn restore() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        // There is nobody to inform if the terminal is gone.
        let _ = ratatui::try_restore();
    }
}
