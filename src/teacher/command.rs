//! Runs a program as teacher: it writes a diagnosis or a plan in a folder that holds its briefing.

use std::path::Path;

use crate::manifest::programs;
use crate::sys::disk::Root;
use crate::sys::process::program_files::{FileLimits, take_one};
use crate::sys::process::{Program, ProgramFiles, lay_out};

/// Fills the folder with `files` and runs the program in it. Its answer is the file that it writes or, without one, its
/// standard output.
///
/// # Errors
/// The program cannot be started, fails, times out, or gives no answer; the message names the program.
pub(crate) fn ask_teacher(
    root: &Root,
    program: &Program,
    files: ProgramFiles,
    question: &str,
    file: &str,
) -> Result<String, String> {
    lay_out(root, program.folder, &files)?;
    let ended = program.run_to_success(Some(question.as_bytes()))?;
    let (name, complaint) = (program.name(), ended.complaint());
    let left = take_one(program.folder, file, FileLimits::default());
    let left = left.map_err(|error| format!("`{name}` wrote no usable {file}: {error}"))?;
    let answer = left.unwrap_or(ended.stdout);
    let answer = String::from_utf8(answer).map_err(|_| format!("{file} of `{name}` is not UTF-8"))?;
    match answer.trim().is_empty() {
        true => Err(format!("`{name}` wrote no {file} and printed nothing: {complaint}")),
        false => Ok(answer.strip_prefix('\u{feff}').unwrap_or(&answer).to_owned()),
    }
}

/// The command line of a program that runs in a separate folder. An argument that is a file of the workspace becomes an
/// absolute path, so that the approved file is the one that is used. Files that are given to the program keep their
/// names.
pub(crate) fn from_folder(run: &[String], root: &Path, given: &[String]) -> Vec<String> {
    let whole = |word: &String| {
        let path = root.join(word);
        let is_file = !word.is_empty() && programs::provided_file(given, word).is_none() && path.is_file();
        if is_file {
            path.to_string_lossy().into_owned()
        } else {
            word.clone()
        }
    };
    run.iter().map(whole).collect()
}
