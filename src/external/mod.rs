//! Somebody else's program: a phase in a scratch directory, or a scorer on stdin and stdout. No shell is involved.
#![allow(clippy::disallowed_methods)] // edge: processes, the file system

mod lookup;
mod process;
mod running;
mod teacher;

use std::fs;
use std::path::Path;

pub use self::lookup::{find, identity};
pub use self::process::{Ended, Program, Unended};
pub use self::running::end_all;
pub use self::teacher::{ask_teacher, from_folder};
use crate::artifact::task::Task;
use crate::disk::Root;

/// Files by name, relative to the scratch directory.
pub type Files = Vec<(String, Vec<u8>)>;

/// Runs a phase's program in its folder, which is below `root` and emptied first; it then holds the declared reads; returns the declared writes.
///
/// # Errors
/// The program cannot be run, fails, or leaves something undone; the message names it.
pub fn run_phase(root: &Root, program: &Program, reads: Files, writes: &[String]) -> Result<Files, String> {
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
    let left = writes
        .iter()
        .map(|name| collect(program, name))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(left.into_iter().flatten().collect())
}

/// Empties a folder and puts files into it.
fn lay_out(root: &Root, folder: &Path, files: &Files) -> Result<(), String> {
    let all = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    root.fill_folder(folder, all).map_err(|error| error.to_string())
}

/// A declared write: a file that must be there, or a folder with whatever it holds.
fn collect(program: &Program, name: &str) -> Result<Files, String> {
    let scratch = program.folder;
    if name.ends_with(".jsonl") && !scratch.join(name).exists() {
        // Logs and evidence are welcome, and not owed.
        return Ok(vec![(name.to_owned(), Vec::new())]);
    }
    if !name.ends_with('/') {
        let bytes =
            read_plain(&scratch.join(name)).map_err(|error| format!("`{}` left no {name}: {error}", program.name()))?;
        return Ok(vec![(name.to_owned(), bytes)]);
    }
    let Ok(entries) = fs::read_dir(scratch.join(name)) else {
        return Ok(Vec::new());
    };
    let mut files: Files = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            Some((
                format!("{name}{}", entry.file_name().to_str()?),
                read_plain(&entry.path()).ok()?,
            ))
        })
        .collect();
    files.sort();
    Ok(files)
}

/// Links are not followed: a program cannot make kaizen publish a file from elsewhere.
fn read_plain(path: &Path) -> std::io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a plain file"));
    }
    fs::read(path)
}

/// Asks the program behind scorer `command`: the task and the answer as JSON on stdin, `{"score": x}` on stdout.
///
/// # Errors
/// There is no program, it fails, or says no score from 0 to 1.
pub fn score(program: &Program, task: &Task, answer: &str) -> Result<f64, String> {
    if program.run.is_empty() {
        return Err(format!(
            "task {} has scorer `command`, and [benchmark] scorer_command is not set",
            task.task_id
        ));
    }
    let question = serde_json::json!({"task": task, "answer": answer}).to_string();
    let ended = program
        .run(Some(question.as_bytes()))
        .map_err(|error| error.to_string())?;
    let reply: Option<serde_json::Value> = serde_json::from_slice(&ended.stdout).ok();
    let score = reply
        .and_then(|reply| reply.get("score")?.as_f64())
        .filter(|score| (0.0..=1.0).contains(score));
    score.filter(|_| ended.status.success()).ok_or_else(|| {
        format!(
            "`{}` gave no {{\"score\": 0..1}}: {}",
            program.name(),
            ended.complaint()
        )
    })
}
