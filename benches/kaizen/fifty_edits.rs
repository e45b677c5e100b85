//! Benchmark of a session of 50 edits, half of them accepted, with a student that takes no time.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use kaizen::RunOptions;
use kaizen::Workspace;
use kaizen::advance;

use crate::engines::{Fixed, Instantly};
use crate::fixture::make_workspace;
use crate::measure::{Outcome, RUNS, median, row, timed};

/// Environment variables of a child: the real git, and the log file for its times.
const REAL_GIT: &str = "KAIZEN_BENCH_GIT";
const GIT_LOG: &str = "KAIZEN_BENCH_LOG";
/// First argument of a child that runs one session.
pub const ONE_SESSION: &str = "one-session";

/// Times the whole process, then the git calls of further runs through a wrapper program named `git`.
pub fn fifty_edits() -> Outcome<()> {
    row("a session of 50 edits, 25 kept, 100 gate tasks", whole_process()?);
    let mut git = (0..RUNS).map(|_| in_git()).collect::<Outcome<Vec<_>>>()?;
    git.sort();
    let (time, calls) = git[RUNS / 2];
    row(&format!("  of which in {calls} git processes, about"), time);
    Ok(())
}

/// The time of a whole process, with a student and a teacher that take no time.
pub fn whole_process() -> Outcome<Duration> {
    median(|| {
        let folder = tempfile::tempdir()?;
        make_workspace(folder.path())?;
        let mut child = child(folder.path())?;
        timed(|| succeeded(&child.output()?))
    })
}

/// The time spent in git, and the number of git processes.
fn in_git() -> Outcome<(Duration, usize)> {
    let folder = tempfile::tempdir()?;
    let (root, tools) = (folder.path().join("home"), folder.path().join("tools"));
    fs::create_dir_all(&root)?;
    fs::create_dir_all(&tools)?;
    make_workspace(&root)?;
    std::os::unix::fs::symlink(std::env::current_exe()?, tools.join("git"))?;
    let log = folder.path().join("git.log");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path)))?;
    let mut child = child(&root)?;
    child
        .env("PATH", all)
        .env(GIT_LOG, &log)
        .env(REAL_GIT, real_git(&path)?);
    succeeded(&child.output()?)?;
    let noted = fs::read_to_string(&log)?;
    let calls = noted.lines().map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()?;
    Ok((Duration::from_micros(calls.iter().sum()), calls.len()))
}

fn child(root: &Path) -> Outcome<Command> {
    let mut child = Command::new(std::env::current_exe()?);
    child.arg(ONE_SESSION).arg(root);
    Ok(child)
}

fn succeeded(output: &Output) -> Outcome<()> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or_else(|| said.into())
}

fn real_git(path: &OsStr) -> Outcome<PathBuf> {
    let all = std::env::split_paths(path).map(|folder| folder.join("git"));
    all.into_iter()
        .find(|git| git.is_file())
        .ok_or_else(|| "git is not installed".into())
}

/// The child: runs the session.
pub fn one_session(root: &Path) -> Outcome<()> {
    let student = Box::new(Instantly { learns: 1 });
    let workspace = Workspace::open(root)?
        .with_student(student)
        .with_teacher(Box::new(Fixed(50)));
    let ended = advance(&workspace, &RunOptions::default(), &|_| {})?;
    let outcomes = &ended.record.edit_outcomes;
    let kept = outcomes.iter().filter(|outcome| outcome.commit.is_some()).count();
    ((outcomes.len(), kept) == (50, 25))
        .then_some(())
        .ok_or_else(|| format!("{kept} of {} edits were kept", outcomes.len()).into())
}

/// The wrapper: runs git and logs its time.
pub fn timed_git() -> Outcome<()> {
    let variable = |name| std::env::var_os(name).ok_or("only kaizen's benchmark calls this");
    let start = Instant::now();
    let status = Command::new(variable(REAL_GIT)?)
        .args(std::env::args_os().skip(1))
        .status()?;
    let took = format!("{}\n", start.elapsed().as_micros());
    let mut log = OpenOptions::new().create(true).append(true).open(variable(GIT_LOG)?)?;
    log.write_all(took.as_bytes())?;
    std::process::exit(status.code().unwrap_or(1));
}
