//! Tests that an agent must not see: they are copied into its sandbox after it has ended, and judge what it left.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use walkdir::WalkDir;

use super::sandbox::copied_link;
use super::sandboxed_program::SandboxedProgram;
use crate::artifact::task::Task;
use crate::eval::score::test_run::{REWARDS, TestRun, reward};
use crate::sys::consent::Consent;
use crate::sys::disk::Root;
use crate::sys::process::ProgramFailure;
use crate::sys::process::program_files::{FileLimits, take_one};

/// The most bytes of a file with a score.
const LARGEST_REWARD: u64 = 8 << 20;

/// Judges a sandbox. Every process of the agent must have ended. A test that runs too long or uses too much is the fault of
/// what the agent left: 0 points.
///
/// # Errors
/// The tests cannot be copied or started, or leave something that is no score: no one's answer is wrong.
pub(super) fn judged(
    sandboxed: &SandboxedProgram,
    consent: &Consent,
    (task, root): (&Task, &Root),
    answer: String,
    timeout: Duration,
) -> Result<TestRun, String> {
    let failed = |problem: String| format!("the test of task {}: {problem}", task.task_id);
    for name in REWARDS {
        cleared(&sandboxed.folder.join(name)).map_err(|error| failed(format!("{name}: {error}")))?;
    }
    if let Some(tests) = &task.world.tests {
        put_over(&root.join(tests), sandboxed.folder).map_err(failed)?;
    }
    let test = sandboxed.wrapped(&task.world.test);
    let output = sandboxed.program(consent, &test, timeout).run(None);
    if let Some(problem) = sandboxed.not_wrapped(&output) {
        return Err(problem);
    }
    let ended = match output {
        Ok(ended) => ended,
        Err(problem @ (ProgramFailure::NotStarted { .. } | ProgramFailure::NotEnded { .. })) => {
            return Err(failed(problem.to_string()));
        }
        Err(problem) => return Ok(TestRun::new(0.0, answer, &problem.to_string())),
    };
    let limits = FileLimits {
        file: LARGEST_REWARD,
        ..FileLimits::default()
    };
    let mut score = f64::from(u8::from(ended.status.success()));
    for name in REWARDS {
        // No link is followed, and no pipe is opened.
        if let Some(bytes) = take_one(sandboxed.folder, name, limits).map_err(|error| failed(error.to_string()))? {
            score = reward(name, &String::from_utf8_lossy(&bytes)).map_err(failed)?;
            break;
        }
    }
    let printed = [&ended.stdout[..], &ended.stderr[..]].concat();
    Ok(TestRun::new(score, answer, &String::from_utf8_lossy(&printed)))
}

/// Copies files over those of a sandbox, except those of git. A link or another kind of file that lies at a path of a test
/// is removed first, so nothing is written elsewhere.
pub(super) fn put_over(from: &Path, sandbox: &Path) -> Result<(), String> {
    let is_git = |entry: &walkdir::DirEntry| entry.depth() == 1 && entry.file_name() == ".git";
    let entries = WalkDir::new(from).min_depth(1).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !is_git(entry)) {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.path().strip_prefix(from).map_err(|error| error.to_string())?;
        let to = sandbox.join(name);
        let copied = match entry.file_type() {
            kind if kind.is_dir() => match to.symlink_metadata() {
                Ok(facts) if facts.is_dir() => Ok(()),
                _ => cleared(&to).and_then(|()| fs::create_dir(&to)),
            },
            kind if kind.is_file() => cleared(&to).and_then(|()| copied_file(entry.path(), &to)),
            kind if kind.is_symlink() => cleared(&to).and_then(|()| copied_link(entry.path(), &to)),
            // A socket, pipe or device has no content to copy.
            _ => Ok(()),
        };
        copied.map_err(|error| format!("{}: {error}", name.display()))?;
    }
    Ok(())
}

/// Copies a file to a path at which nothing is.
fn copied_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = fs::OpenOptions::new().write(true).create_new(true).open(to)?;
    let mut source = fs::File::open(from)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(source.metadata()?.permissions())
}

/// Removes whatever is at a path, but not what a link leads to.
fn cleared(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(facts) if facts.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn tests_replace_what_lies_at_their_paths_and_follow_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let [tests, sandbox, outside] = ["tests", "sandbox", "outside"].map(|name| folder.path().join(name));
        for path in [&tests.join("sub"), &sandbox.join("c"), &outside] {
            fs::create_dir_all(path).unwrap();
        }
        for name in ["a", "b", "c", "sub/d"] {
            fs::write(tests.join(name), "test").unwrap();
        }
        fs::write(outside.join("d"), "mine").unwrap();
        fs::write(sandbox.join("own"), "left").unwrap();
        symlink(outside.join("d"), sandbox.join("a")).unwrap();
        symlink(&outside, sandbox.join("sub")).unwrap();
        put_over(&tests, &sandbox).unwrap();
        for name in ["a", "b", "c", "sub/d"] {
            assert_eq!(fs::read_to_string(sandbox.join(name)).unwrap(), "test", "{name}");
        }
        assert_eq!(fs::read_to_string(outside.join("d")).unwrap(), "mine");
        assert!(!sandbox.join("sub").symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(sandbox.join("own")).unwrap(), "left");
        symlink("/etc/passwd", tests.join("link")).unwrap();
        put_over(&tests, &sandbox).unwrap();
        assert!(sandbox.join("link").symlink_metadata().unwrap().is_symlink());
        assert!(put_over(&folder.path().join("none"), &sandbox).is_err());
    }
}
