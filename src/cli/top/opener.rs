//! Opens a page in the user's browser, if the machine has a program for that and a screen.
#![allow(clippy::disallowed_methods)] // edge: the environment, a process

use std::path::Path;
use std::process::{Command, Stdio};

/// Opens a file with the user's program for it; returns whether that worked. The program does not get the `withheld`
/// environment variables.
pub(super) fn open(path: &Path, withheld: &[String]) -> bool {
    let Some(program) = program() else { return false };
    let mut command = Command::new(program);
    command.arg(path);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in withheld {
        command.env_remove(name);
    }
    match command.spawn() {
        // The browser is the user's; nobody waits for it.
        Ok(mut child) => {
            std::thread::spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}

fn program() -> Option<std::path::PathBuf> {
    if cfg!(target_os = "macos") {
        return which::which("open").ok();
    }
    // Without a screen, `xdg-open` would start a browser in this terminal.
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    which::which("xdg-open").ok().filter(|_| has_screen)
}
