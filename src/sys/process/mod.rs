//! Runs other programs, without a shell and with limits on time and output.

mod bounds;
mod lookup;
#[cfg(target_os = "linux")]
mod process_tree;
mod program;
pub(crate) mod program_files;
mod running;

use std::path::Path;

pub(crate) use self::bounds::Bounds;
pub(crate) use self::lookup::{find, identity};
pub(crate) use self::program::{Program, ProgramFailure, ProgramOutput};
use self::program_files::FileLimits;
pub(crate) use self::running::end_all;
use crate::sys::disk::Root;

/// Files by name, relative to the scratch directory.
pub(crate) type ProgramFiles = Vec<(String, Vec<u8>)>;

/// Runs a phase's program in its folder under `root`. The folder's content is first replaced by the declared reads.
/// Returns the declared writes.
///
/// # Errors
/// The program cannot be run, fails, or does not produce its writes; the message names the program.
pub(crate) fn run_phase(
    root: &Root,
    program: &Program,
    reads: ProgramFiles,
    writes: &[String],
) -> Result<ProgramFiles, String> {
    lay_out(root, program.folder, &reads)?;
    program.run_to_success(None)?;
    program_files::take(program.folder, writes, FileLimits::default())
        .map_err(|error| format!("`{}`: {error}", program.name()))
}

/// Replaces the content of a folder with files.
pub(crate) fn lay_out(root: &Root, folder: &Path, files: &ProgramFiles) -> Result<(), String> {
    let all = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    root.fill_folder(folder, all).map_err(|error| error.to_string())
}
