//! Benchmark of many finished sessions: status, and runs that have nothing to do.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kaizen::RunOptions;
use kaizen::Workspace;
use kaizen::advance;

use crate::engines::{Fixed, Instantly};
use crate::fixture::{commit, make_workspace};
use crate::measure::{Outcome, median, row, timed};

/// The kaizen program.
pub const KAIZEN: &str = env!("CARGO_BIN_EXE_kaizen");

/// No-op runs of 200 sessions one by one, and the status of 1,000.
pub fn sessions() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    let all = two_hundred(root)?;
    let workspace = Workspace::open(root)?;
    let noop = |id: &String| -> Outcome<()> {
        let asked = RunOptions {
            session: Some(id.clone()),
            ..RunOptions::default()
        };
        let ended = advance(&workspace, &asked, &|_| {})?;
        (!ended.changed)
            .then_some(())
            .ok_or_else(|| format!("{id} was not settled").into())
    };
    // Measured once only: it takes long, and consists of 200 similar runs.
    let mut each = all.iter().map(|id| timed(|| noop(id))).collect::<Outcome<Vec<_>>>()?;
    row(
        "no-op run of each of 200 finished sessions (1,200 phases)",
        each.iter().sum(),
    );
    each.sort();
    row("  of which one run, median", each[each.len() / 2]);
    copy_session(root, &all[199], 199..999)?;
    commit(root)?;
    row("list 1,000 sessions", median(|| timed(|| listed(root)))?);
    let status = median(|| command(root, &["status"]))?;
    row("`kaizen status` on 1,000 finished sessions", status);
    Ok(())
}

/// Creates a workspace with 200 finished sessions. Returns their names, the newest last.
pub fn two_hundred(root: &Path) -> Outcome<Vec<String>> {
    make_workspace(root)?;
    // The edits gain nothing, so that copies of the settled session need no commits.
    let student = Box::new(Instantly { learns: 0 });
    let workspace = Workspace::open(root)?
        .with_student(student)
        .with_teacher(Box::new(Fixed(5)));
    let finished = advance(&workspace, &RunOptions::default(), &|_| {})?.session;
    let mut names = copy_session(root, &finished.id, 0..199)?;
    names.push(finished.id);
    commit(root)?;
    Ok(names)
}

fn listed(root: &Path) -> Outcome<()> {
    let count = Workspace::open(root)?.sessions()?.len();
    (count == 1000)
        .then_some(())
        .ok_or_else(|| format!("{count} sessions").into())
}

/// The time that a kaizen command takes.
pub fn command(root: &Path, arguments: &[&str]) -> Outcome<Duration> {
    timed(|| {
        let output = Command::new(KAIZEN).arg("-C").arg(root).args(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        output.status.success().then_some(()).ok_or_else(|| said.into())
    })
}

/// Copies a session under older names, so that the original stays the newest.
pub fn copy_session(root: &Path, session: &str, numbers: std::ops::Range<usize>) -> Outcome<Vec<String>> {
    let sessions = root.join("sessions");
    let original = sessions.join(session);
    let mut names = Vec::new();
    for number in numbers {
        let name = format!("session-20200101T000000_{number:08x}");
        for entry in walkdir::WalkDir::new(&original) {
            let entry = entry?;
            let to = sessions.join(&name).join(entry.path().strip_prefix(&original)?);
            match entry.file_type().is_dir() {
                true => fs::create_dir_all(to)?,
                false => fs::copy(entry.path(), to).map(|_| ())?,
            }
        }
        names.push(name);
    }
    Ok(names)
}
