//! Whether attempts of a program can read the answers of tasks, or change the user's files.

use super::{DoctorRow, bad, good, not_tried};
use crate::manifest::StudentEngine;
use crate::sys::process;
use crate::workspace::Workspace;

/// What holds the attempts of a program; `None` for students that start none.
pub(super) fn row(workspace: &Workspace) -> Option<DoctorRow> {
    let student = &workspace.manifest.student;
    if student.engine() != StudentEngine::Command {
        return None;
    }
    let Some(sandbox) = &student.sandbox else {
        return Some(not_tried(
            "sandbox",
            "none: attempts run in the workspace, share it, and can read the answers of tasks",
            "add a section [student.sandbox] to kaizen.toml; `kaizen guide students` describes it",
        ));
    };
    let watched = match cfg!(target_os = "linux") {
        true => "time, output, memory, processes and disk are bounded",
        false => "time, output and disk are bounded; memory and processes are not on this system",
    };
    let Some(program) = sandbox.wrap.first() else {
        return Some(not_tried(
            "sandbox",
            format!(
                "a fresh folder for each attempt; {watched}; a program can still read your files and the answers of tasks"
            ),
            "set `wrap` in [student.sandbox], such as to a command line of bubblewrap",
        ));
    };
    Some(match process::find(program, &workspace.root) {
        Ok(_) => good(
            "sandbox",
            format!("a fresh folder for each attempt, held by `{program}`; {watched}"),
        ),
        Err(problem) => bad("sandbox", problem, "install it, or correct `wrap` in [student.sandbox]"),
    })
}
