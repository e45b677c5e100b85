//! Somebody else's program: a phase in a scratch directory, or a scorer on stdin and stdout. No shell is involved.

pub(crate) mod left;
mod lookup;
mod process;
mod running;

use std::path::Path;

use self::left::Limits;
pub use self::lookup::{find, identity};
pub use self::process::{Ended, Program, Unended};
pub use self::running::end_all;
use crate::artifact::task::Task;
use crate::sys::disk::Root;

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
    left::take(program.folder, writes, Limits::default()).map_err(|error| format!("`{}`: {error}", program.name()))
}

/// Empties a folder and puts files into it.
pub(crate) fn lay_out(root: &Root, folder: &Path, files: &Files) -> Result<(), String> {
    let all = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    root.fill_folder(folder, all).map_err(|error| error.to_string())
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
