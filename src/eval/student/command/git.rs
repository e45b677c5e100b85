//! Runs git for sandboxes, without the variables of a git program that started kaizen.
#![allow(clippy::disallowed_methods)] // edge: git

use std::io::Write;
use std::process::{Command, Stdio};

/// Removes git's variables from the environment of a command.
pub(super) fn isolated(git: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        git.env_remove(name);
    }
    git
}

/// Runs git with an input, and returns its output.
///
/// # Errors
/// It cannot be run, or fails.
pub(super) fn run_git(git: &mut Command, input: Option<&[u8]>, name: &str) -> Result<Vec<u8>, String> {
    let not_run = |error: std::io::Error| format!("git cannot be run for the sandbox: {error}");
    git.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = git
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_run)?;
    let pipe = child.stdin.take();
    let ended = std::thread::scope(|scope| {
        if let (Some(mut pipe), Some(bytes)) = (pipe, input) {
            // git reports it if it cannot read all.
            scope.spawn(move || drop(pipe.write_all(bytes)));
        }
        child.wait_with_output().map_err(not_run)
    })?;
    match ended.status.success() {
        true => Ok(ended.stdout),
        false => {
            let complaint = String::from_utf8_lossy(&ended.stderr);
            Err(format!("git {name} for a sandbox: {}", complaint.trim()))
        }
    }
}
