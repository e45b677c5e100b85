//! The record of a git process that writes: two files in the git folder, which are there while it runs. After a crash,
//! they prove that a lock file is a leftover of our own dead process.
//!
//! One file is the input of git. This process and git have it open with an advisory lock, so the lock is free only once
//! both are dead, in whatever container of this machine they ran. Other machines that share the folder may not see the
//! lock, so its name tells the boot, and records of other boots prove nothing. In the other file, git itself traces which
//! programs it started, for example hooks, and that it removed its lock files.
#![allow(clippy::disallowed_methods)] // edge: files in the git folder, the list of processes

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::Git;
use super::trace::WriteTrace;
use crate::sys::boot::BOOT;

/// The beginning of the names of both files.
const NAME: &str = "kaizen-write-";
/// The end of the name of the trace.
const TRACE: &str = ".trace";
/// How long after its last trace a git may still have made a lock file. A later one is that of another git, which may run
/// in a container whose processes are not visible here.
const LAST_BREATH: Duration = Duration::from_secs(10);
/// The age at which a record of another boot is removed.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);

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
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let mut record = loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{NAME}{}-{}-{number}", BOOT.as_str(), std::process::id());
            let path = git_dir.join(name);
            match options.open(&path) {
                Ok(input) => break Self { input, path },
                // In another container, a process may have the same id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
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

    /// Removes the lock files that git left while this process waited for it: because it was killed, or because it could
    /// not remove them itself.
    pub(super) fn remove_locks(&self, git: &Git, was_killed: bool) {
        let trace = self.trace();
        let (process, breath) = match was_killed {
            true => (trace.unfinished_process(), LAST_BREATH),
            // It lived until its last trace.
            false => (trace.process(), Duration::ZERO),
        };
        if let (Ok(began), Some(process)) = (self.input.metadata().and_then(|facts| facts.modified()), process) {
            let branch_lock = git.branch_lock();
            let locks = locks(process, &git.git_dir, branch_lock.as_deref());
            let left = made_between(locks, began, &self.trace_path(), breath);
            remove(&left, &places(git));
        }
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
    sweep_folder(&git.git_dir, &places(git), git.branch_lock().as_deref());
}

/// The folders in which a git process may be at work on this repository.
fn places(git: &Git) -> [PathBuf; 2] {
    [git.git_dir.clone(), git.top()]
}

/// Removes records and locks from a git folder, unless a git process works in one of `places`.
fn sweep_folder(git_dir: &Path, places: &[PathBuf], branch_lock: Option<&Path>) {
    // The standard library panics if a folder that it listed cannot be closed.
    let folder = Dir::open_ambient_dir(git_dir, ambient_authority());
    let Ok(entries) = folder.and_then(|folder| folder.entries()) else {
        return;
    };
    for name in entries.flatten().map(|entry| entry.file_name()) {
        let is_record = |name: &str| name.starts_with(NAME) && !name.ends_with(TRACE);
        if name.to_str().is_some_and(is_record) {
            sweep_record(&git_dir.join(&name), git_dir, places, branch_lock);
        }
    }
}

fn sweep_record(record: &Path, git_dir: &Path, places: &[PathBuf], branch_lock: Option<&Path>) {
    let Ok(file) = File::open(record) else { return };
    let Ok(began) = file.metadata().and_then(|facts| facts.modified()) else {
        return;
    };
    let is_near = boot_of(record).is_some_and(|boot| BOOT.is(boot));
    if !is_near && began.elapsed().is_ok_and(|age| age < ABANDONED) {
        return;
    }
    if file.try_lock().is_err() {
        // Its process or its git is alive.
        return;
    }
    // A git that ended has removed its locks, as far as its trace shows.
    let trace = trace_path(record);
    if let Some(process) = WriteTrace::read(&trace).unfinished_process().filter(|_| is_near) {
        let locks = locks(process, git_dir, branch_lock);
        remove(&made_between(locks, began, &trace, LAST_BREATH), places);
    }
    // Best effort: what stays is looked at again before the next write.
    let _ = fs::remove_file(trace_path(record));
    let _ = fs::remove_file(record);
}

/// The boot in the name of a record. Earlier versions did not write it.
fn boot_of(record: &Path) -> Option<&str> {
    let rest = record.file_name()?.to_str()?.strip_prefix(NAME)?;
    Some(rest.split_once('-')?.0)
}

/// The lock files that a git process makes when it commits.
fn locks(process: u32, git_dir: &Path, branch_lock: Option<&Path>) -> Vec<PathBuf> {
    let index = [
        format!("next-index-{process}.lock"),
        "index.lock".to_owned(),
        "HEAD.lock".to_owned(),
    ];
    let locks = index.iter().map(|name| git_dir.join(name));
    locks.chain(branch_lock.map(Path::to_owned)).collect()
}

/// Those of the locks that were made while git ran, so that they are its own.
fn made_between(locks: Vec<PathBuf>, began: SystemTime, trace: &Path, breath: Duration) -> Vec<PathBuf> {
    let Ok(last) = fs::symlink_metadata(trace).and_then(|facts| facts.modified()) else {
        return Vec::new();
    };
    let is_its_own = |lock: &PathBuf| {
        let made = fs::symlink_metadata(lock).and_then(|facts| facts.modified());
        made.is_ok_and(|made| made >= began && made <= last + breath)
    };
    locks.into_iter().filter(is_its_own).collect()
}

/// Removes lock files that a git of ours left, unless a git is at work.
fn remove(locks: &[PathBuf], places: &[PathBuf]) {
    if locks.is_empty() || is_git_at_work(places) {
        return;
    }
    for lock in locks {
        if fs::remove_file(lock).is_ok() {
            tracing::info!(lock = %lock.display(), "removed a lock file that a git of ours had left");
        }
    }
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

    const START: &str = "{\"event\":\"version\",\"sid\":\"20260101T000000.1Z-H1-P0000002a\"}\n";
    const LOCKS: [&str; 3] = ["index.lock", "next-index-42.lock", "next-index-43.lock"];

    /// A git folder with the record and the trace of a process of this boot or another, and with lock files.
    struct Killed(tempfile::TempDir, PathBuf);

    impl Killed {
        fn on(boot: &str, trace: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let record = folder.path().join(format!("{NAME}{boot}-1-0"));
            fs::write(&record, "message").unwrap();
            fs::write(trace_path(&record), trace).unwrap();
            LOCKS
                .iter()
                .for_each(|name| fs::write(folder.path().join(name), "").unwrap());
            Self(folder, record)
        }

        fn here() -> Self {
            Self::on(BOOT.as_str(), START)
        }

        fn date(self, name: &str, time: SystemTime) -> Self {
            File::open(self.0.path().join(name))
                .unwrap()
                .set_modified(time)
                .unwrap();
            self
        }

        /// The lock files after a sweep, and whether the record is still there.
        fn swept(&self) -> (Vec<String>, bool) {
            sweep_folder(self.0.path(), &[], None);
            let entries = fs::read_dir(self.0.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut locks: Vec<String> = names.filter(|name| name.ends_with(".lock")).collect();
            locks.sort();
            (locks, self.1.exists())
        }
    }

    fn locks(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_the_locks_of_our_own_dead_git_are_removed() {
        assert_eq!(Killed::here().swept(), (locks(&["next-index-43.lock"]), false));

        let end = "{\"event\":\"atexit\",\"sid\":\"20260101T000000.1Z-H1-P0000002a\",\"code\":0}\n";
        let ended = Killed::on(BOOT.as_str(), &format!("{START}{end}"));
        assert_eq!(ended.swept(), (locks(&LOCKS), false), "our git removed its own locks");

        let alive = Killed::here();
        let held = File::open(&alive.1).unwrap();
        held.lock().unwrap();
        assert_eq!(alive.swept(), (locks(&LOCKS), true), "its process is alive");

        let older = Killed::here().date("index.lock", SystemTime::UNIX_EPOCH);
        let left = locks(&["index.lock", "next-index-43.lock"]);
        assert_eq!(
            older.swept(),
            (left.clone(), false),
            "it was there before our git began"
        );
        let later = Killed::here().date("index.lock", SystemTime::now() + LAST_BREATH * 2);
        assert_eq!(later.swept(), (left, false), "another git made it after ours had died");
    }

    #[test]
    fn a_lock_that_git_made_while_it_ran_and_left_is_its_own() {
        let end = "{\"event\":\"atexit\",\"sid\":\"20260101T000000.1Z-H1-P0000002a\",\"code\":0}\n";
        let ended = Killed::on(BOOT.as_str(), &format!("{START}{end}"));
        let began = fs::metadata(&ended.1).unwrap().modified().unwrap();
        let ended = ended
            .date("index.lock", began)
            .date("next-index-42.lock", began + LAST_BREATH);
        let own = made_between(
            super::locks(42, ended.0.path(), None),
            began,
            &trace_path(&ended.1),
            Duration::ZERO,
        );
        assert_eq!(
            own,
            [ended.0.path().join("index.lock")],
            "the other one was made after it had ended"
        );
    }

    #[test]
    fn a_record_of_another_machine_proves_nothing() {
        for name in ["0123abcd", "unknown0", "1"] {
            let other = Killed::on(name, START);
            assert_eq!(other.swept(), (locks(&LOCKS), true), "{name}");
            let record = other.1.file_name().unwrap().to_str().unwrap().to_owned();
            let old = other.date(&record, SystemTime::UNIX_EPOCH);
            assert_eq!(old.swept(), (locks(&LOCKS), false), "{name}");
        }
    }

    #[test]
    fn processes_with_the_same_id_have_records_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mine = WriteRecord::begin(folder.path(), b"mine").unwrap();
        let number: u64 = mine.path.to_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
        for next in number + 1..number + 20 {
            let name = format!("{NAME}{}-{}-{next}", BOOT.as_str(), std::process::id());
            fs::write(folder.path().join(name), "theirs").unwrap();
        }
        let other = WriteRecord::begin(folder.path(), b"other").unwrap();
        assert_eq!(fs::read_to_string(&other.path).unwrap(), "other");
        let theirs = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
        assert_eq!(theirs.filter(|text| text == "theirs").count(), 19);
    }
}
