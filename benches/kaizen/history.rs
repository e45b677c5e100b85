//! Benchmark of many finished sessions with commits of their own: each command beside the file system and git in the same
//! folder.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::finished::finished;
use crate::measure::{Outcome, median, row, timed};
use crate::sessions::command;

/// How many sessions there are.
const SESSIONS: usize = 5_000;
/// Longer than a change of a file may hide behind an earlier one.
pub(crate) const CALM: Duration = Duration::from_millis(1_100);

/// The commands that list sessions, with 5,000 of them.
pub fn history() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    finished(root, SESSIONS)?;
    std::thread::sleep(CALM);
    row(
        "`kaizen status` on 5,000 sessions, for the first time",
        command(root, &["status"])?,
    );
    row(
        "`kaizen verify` on 5,000 sessions, for the first time",
        command(root, &["verify"])?,
    );
    row("an lstat of what a person edits in them", median(|| stamps(root))?);
    row("`kaizen status`", median(|| command(root, &["status"]))?);
    row("`kaizen run`: nothing to do", median(|| command(root, &["run"]))?);
    row("`kaizen log`", median(|| command(root, &["log"]))?);
    row(
        "`kaizen blame config.toml`",
        median(|| command(root, &["blame", "config.toml"]))?,
    );
    row("`kaizen report`", median(|| command(root, &["report"]))?);
    row("`git status`", median(|| git_status(root))?);
    row("`kaizen verify`", median(|| command(root, &["verify"]))?);
    Ok(())
}

/// Asks the file system for what a person may change in each session, one path after another.
fn stamps(root: &Path) -> Outcome<Duration> {
    let sessions = root.join("sessions");
    timed(|| {
        for entry in fs::read_dir(&sessions)? {
            let session = entry?.path();
            for name in ["plan.json", "diagnosis.md", "pending_review"] {
                let _ = fs::symlink_metadata(session.join(name));
            }
        }
        Ok(())
    })
}

fn git_status(root: &Path) -> Outcome<Duration> {
    timed(|| {
        let mut git = Command::new("git");
        let status = git.arg("-C").arg(root).arg("status").stdout(Stdio::null()).status()?;
        status.success().then_some(()).ok_or_else(|| status.to_string().into())
    })
}
