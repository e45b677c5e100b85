//! Somebody else's program: a phase in a scratch directory, or a scorer on stdin and stdout. No shell is involved.
#![allow(clippy::disallowed_methods)] // edge: processes, the file system

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::artifact::task::Task;

/// Files by name, relative to the scratch directory.
pub type Files = Vec<(String, Vec<u8>)>;

/// Runs a phase's program in an empty scratch directory that holds the declared reads; returns the declared writes.
///
/// # Errors
/// The program cannot be run, fails, or leaves something undone; the message names it.
pub fn run_phase(scratch: &Path, program: &[String], reads: Files, writes: &[String]) -> Result<Files, String> {
    let disk = |error: std::io::Error| format!("{}: {error}", scratch.display());
    let _ = fs::remove_dir_all(scratch);
    fs::create_dir_all(scratch).map_err(disk)?;
    for (name, bytes) in reads {
        let path = scratch.join(&name);
        path.parent().map(fs::create_dir_all).transpose().map_err(disk)?;
        fs::write(path, bytes).map_err(disk)?;
    }
    let output = start(scratch, program, None)?;
    if !output.status.success() {
        return Err(format!(
            "`{}` ended with {}: {}",
            program.join(" "),
            output.status,
            tail(&output.stderr)
        ));
    }
    let left = writes
        .iter()
        .map(|name| collect(scratch, program, name))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(left.into_iter().flatten().collect())
}

/// A declared write: a file that must be there, or a folder with whatever it holds.
fn collect(scratch: &Path, program: &[String], name: &str) -> Result<Files, String> {
    if name.ends_with(".jsonl") && !scratch.join(name).exists() {
        // Logs and evidence are welcome, and not owed.
        return Ok(vec![(name.to_owned(), Vec::new())]);
    }
    if !name.ends_with('/') {
        let bytes = read_plain(&scratch.join(name))
            .map_err(|error| format!("`{}` left no {name}: {error}", program.join(" ")))?;
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
pub fn score(root: &Path, program: &[String], task: &Task, answer: &str) -> Result<f64, String> {
    if program.is_empty() {
        return Err(format!(
            "task {} has scorer `command`, and [benchmark] scorer_command is not set",
            task.task_id
        ));
    }
    let question = serde_json::json!({"task": task, "answer": answer}).to_string();
    let output = start(root, program, Some(question.as_bytes()))?;
    let reply: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
    let score = reply
        .and_then(|reply| reply.get("score")?.as_f64())
        .filter(|score| (0.0..=1.0).contains(score));
    score.filter(|_| output.status.success()).ok_or_else(|| {
        format!(
            "`{}` gave no {{\"score\": 0..1}}: {}",
            program.join(" "),
            tail(&output.stderr)
        )
    })
}

fn start(folder: &Path, program: &[String], stdin: Option<&[u8]>) -> Result<Output, String> {
    let failed = |error: std::io::Error| format!("`{}` cannot be run: {error}", program.join(" "));
    let (name, arguments) = program.split_first().ok_or("no program is named")?;
    let mut child = Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin) {
        // A program that does not read its question may still answer.
        let _ = pipe.write_all(bytes);
    }
    child.wait_with_output().map_err(failed)
}

fn tail(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    let mut tail: Vec<&str> = lines.into_iter().rev().collect();
    tail.retain(|line| !line.trim().is_empty());
    if tail.is_empty() {
        "it said nothing on stderr".to_owned()
    } else {
        tail.join(" / ")
    }
}
