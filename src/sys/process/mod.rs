//! Somebody else's program, run without a shell, with limits on time and output.

pub(crate) mod left;
mod lookup;
mod program;
mod running;

use std::path::Path;

use self::left::Limits;
pub(crate) use self::lookup::{find, identity};
pub(crate) use self::program::{Ended, Program, Unended};
pub(crate) use self::running::end_all;
use crate::sys::disk::Root;

/// Files by name, relative to the scratch directory.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// Runs a phase's program in its folder, which is below `root` and emptied first; it then holds the declared reads; returns the declared writes.
///
/// # Errors
/// The program cannot be run, fails, or leaves something undone; the message names it.
pub(crate) fn run_phase(root: &Root, program: &Program, reads: Files, writes: &[String]) -> Result<Files, String> {
    lay_out(root, program.folder, &reads)?;
    let ended = program.run(None).map_err(|error| error.to_string())?;
    if !ended.status.success() {
        return Err(format!(
            "`{}` ended with {}: {}",
            program.name(),
            ended.status,
            ended.complaint()
        ));
    }
    left::take(program.folder, writes, Limits::default()).map_err(|error| format!("`{}`: {error}", program.name()))
}

/// Empties a folder and puts files into it.
pub(crate) fn lay_out(root: &Root, folder: &Path, files: &Files) -> Result<(), String> {
    let all = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    root.fill_folder(folder, all).map_err(|error| error.to_string())
}
