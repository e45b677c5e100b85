//! A program that writes a diagnosis or a plan, in a folder that tells it what is to be written.

use std::path::Path;

use crate::manifest::programs;
use crate::sys::disk::Root;
use crate::sys::process::left::{Limits, take_one};
use crate::sys::process::{Files, Program, lay_out};

/// Runs the program in its folder, filled with `files`; its answer is the file that it leaves, else what it prints.
///
/// # Errors
/// The program cannot be run, fails, takes too long, or leaves nothing; the message names it.
pub(crate) fn ask_teacher(
    root: &Root,
    program: &Program,
    files: Files,
    question: &str,
    file: &str,
) -> Result<String, String> {
    lay_out(root, program.folder, &files)?;
    let ended = program
        .run(Some(question.as_bytes()))
        .map_err(|error| error.to_string())?;
    let (name, complaint) = (program.name(), ended.complaint());
    if !ended.status.success() {
        return Err(format!("`{name}` ended with {}: {complaint}", ended.status));
    }
    let left = take_one(program.folder, file, Limits::default());
    let left = left.map_err(|error| format!("`{name}` left no usable {file}: {error}"))?;
    let answer = left.unwrap_or(ended.stdout);
    let answer = String::from_utf8(answer).map_err(|_| format!("{file} of `{name}` is not UTF-8"))?;
    match answer.trim().is_empty() {
        true => Err(format!("`{name}` left no {file} and printed nothing: {complaint}")),
        false => Ok(answer.strip_prefix('\u{feff}').unwrap_or(&answer).to_owned()),
    }
}

/// The words of a program that works in a folder of its own: a word that names a file of the workspace becomes that file's
/// whole path, so that what was approved is what is used, unless the program is given a file of that name.
pub(crate) fn from_folder(run: &[String], root: &Path, given: &[String]) -> Vec<String> {
    let whole = |word: &String| {
        let path = root.join(word);
        let is_file = !word.is_empty() && programs::given(given, word).is_none() && path.is_file();
        if is_file {
            path.to_string_lossy().into_owned()
        } else {
            word.clone()
        }
    };
    run.iter().map(whole).collect()
}
