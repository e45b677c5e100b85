//! The record of a git process that writes: two files in the git folder, which are there while it runs. After a crash,
//! they prove that a lock file is a leftover of our own dead process.
//!
//! One file is the input of git. This process and git have it open with an advisory lock, so the lock is free only once
//! both are dead, in whatever container they ran. In the other file, git itself traces which programs it started, for
//! example hooks, and that it removed its lock files.
#![allow(clippy::disallowed_methods)] // edge: files in the git folder, the list of processes

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Git;
use super::trace::WriteTrace;

/// The beginning of the names of both files.
const NAME: &str = "kaizen-write-";
/// The end of the name of the trace.
const TRACE: &str = ".trace";

/// The record of a git process that is about to run or is running.
#[derive(Debug)]
pub(super) struct WriteRecord {
    input: File,
    path: PathBuf,
}

impl WriteRecord {
    /// Creates the record of a git process with this standard input.
    ///
    /// # Errors
    /// The git folder cannot be written.
    pub(super) fn begin(git_dir: &Path, input: &[u8]) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = git_dir.join(format!("{NAME}{}-{number}", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path)?;
        let mut record = Self { input: file, path };
        // Without locks, as on some network file systems, the record proves nothing and does no harm.
        let _ = record.input.try_lock();
        record.input.write_all(input)?;
        record.input.rewind()?;
        Ok(record)
    }

    /// The standard input of git.
    ///
    /// # Errors
    /// The process has too many open files.
    pub(super) fn stdin(&self) -> io::Result<Stdio> {
        self.input.try_clone().map(Stdio::from)
    }

    /// The file in which git traces what it does.
    pub(super) fn trace_path(&self) -> PathBuf {
        trace_path(&self.path)
    }

    /// What git has done so far.
    pub(super) fn trace(&self) -> WriteTrace {
        WriteTrace::read(&self.trace_path())
    }
}

impl Drop for WriteRecord {
    fn drop(&mut self) {
        // Best effort: a leftover is removed by the next write.
        let _ = fs::remove_file(self.trace_path());
        let _ = fs::remove_file(&self.path);
    }
}

fn trace_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TRACE);
    name.into()
}

/// Removes the records of dead processes, and the lock files that their git left.
pub(super) fn sweep(git: &Git) {
    sweep_folder(
        &git.git_dir,
        &[git.git_dir.clone(), git.top()],
        git.branch_lock().as_deref(),
    );
}

/// Removes records and locks from a git folder, unless a git process works in one of `places`.
fn sweep_folder(git_dir: &Path, places: &[PathBuf], branch_lock: Option<&Path>) {
    let Ok(entries) = fs::read_dir(git_dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_record = |name: &str| name.starts_with(NAME) && !name.ends_with(TRACE);
        if name.to_str().is_some_and(is_record) {
            sweep_record(&entry.path(), git_dir, places, branch_lock);
        }
    }
}

fn sweep_record(record: &Path, git_dir: &Path, places: &[PathBuf], branch_lock: Option<&Path>) {
    let Ok(file) = File::open(record) else { return };
    if file.try_lock().is_err() {
        // Its process or its git is alive.
        return;
    }
    let trace = WriteTrace::read(&trace_path(record));
    if let Some(process) = trace.unfinished_process()
        && !is_git_at_work(places)
        && let Ok(began) = file.metadata().and_then(|facts| facts.modified())
    {
        let index = [
            format!("next-index-{process}.lock"),
            "index.lock".to_owned(),
            "HEAD.lock".to_owned(),
        ];
        let locks = index.iter().map(|name| git_dir.join(name));
        for lock in locks.chain(branch_lock.map(Path::to_owned)) {
            // An older lock file was there before our git began, so ours did not create it.
            let made = fs::symlink_metadata(&lock).and_then(|facts| facts.modified());
            if made.is_ok_and(|made| made >= began) && fs::remove_file(&lock).is_ok() {
                tracing::info!(lock = %lock.display(), "removed a lock file that a killed git of ours had left");
            }
        }
    }
    // Best effort: what stays is looked at again before the next write.
    let _ = fs::remove_file(trace_path(record));
    let _ = fs::remove_file(record);
}

/// Whether a git process may be at work in one of these folders. Without a list of processes, it is assumed.
fn is_git_at_work(places: &[PathBuf]) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return true;
    };
    processes.flatten().any(|process| {
        let name = process.file_name();
        let is_process = name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit());
        is_process && is_git_in(&process.path(), places)
    })
}

fn is_git_in(process: &Path, places: &[PathBuf]) -> bool {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    if !name.starts_with("git") {
        return false;
    }
    let line = fs::read(process.join("cmdline")).unwrap_or_default();
    // This daemon lives for days and never locks the index. A dead process that nobody waited for has no command line.
    if line.is_empty() || String::from_utf8_lossy(&line).contains("fsmonitor--daemon") {
        return false;
    }
    match fs::read_link(process.join("cwd")) {
        Ok(cwd) => places.iter().any(|place| cwd.starts_with(place)),
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A git folder in which a process was killed: its trace has no end.
    fn killed(begins: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kaizen-write-1-0"), "message").unwrap();
        fs::write(folder.path().join("kaizen-write-1-0.trace"), begins).unwrap();
        folder
    }

    const START: &str = "{\"event\":\"version\",\"sid\":\"20260101T000000.1Z-H1-P0000002a\"}\n";

    #[test]
    fn only_the_locks_of_our_own_dead_git_are_removed() {
        let names = |folder: &Path| {
            let mut names: Vec<String> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let locks = ["index.lock", "next-index-42.lock", "next-index-43.lock"];
        let lock = |folder: &Path| locks.iter().for_each(|name| fs::write(folder.join(name), "").unwrap());
        let swept = killed(START);
        lock(swept.path());
        sweep_folder(swept.path(), &[], None);
        assert_eq!(names(swept.path()), ["next-index-43.lock"]);

        let ended = killed(&format!(
            "{START}{{\"event\":\"atexit\",\"sid\":\"20260101T000000.1Z-H1-P0000002a\",\"code\":0}}\n"
        ));
        lock(ended.path());
        sweep_folder(ended.path(), &[], None);
        assert_eq!(
            names(ended.path()),
            locks,
            "our git removed its own locks before it ended"
        );

        let alive = killed(START);
        lock(alive.path());
        let held = File::open(alive.path().join("kaizen-write-1-0")).unwrap();
        held.lock().unwrap();
        sweep_folder(alive.path(), &[], None);
        assert_eq!(names(alive.path()).len(), 5, "its process is alive");

        let older = tempfile::tempdir().unwrap();
        lock(older.path());
        let file = File::open(older.path().join("index.lock")).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        fs::write(older.path().join("kaizen-write-1-0"), "").unwrap();
        fs::write(older.path().join("kaizen-write-1-0.trace"), START).unwrap();
        sweep_folder(older.path(), &[], None);
        assert!(
            older.path().join("index.lock").exists(),
            "it was there before our git began"
        );
        assert!(!older.path().join("kaizen-write-1-0").exists());
    }
}
