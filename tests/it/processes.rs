//! The processes that a command starts: a workspace in which nothing changed needs none, however many sessions it has.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::space::{KAIZEN, Said, Space};

/// Longer than a change may hide behind an earlier one.
const CALM: Duration = Duration::from_millis(1100);

/// A program `git` that writes down its arguments before it does what the real one does.
struct CountingGit {
    bin: PathBuf,
    log: PathBuf,
}

impl CountingGit {
    fn beside(space: &Space) -> Self {
        let folder = space.root.parent().unwrap();
        let (bin, log) = (folder.join("bin"), folder.join("started"));
        fs::create_dir_all(&bin).unwrap();
        let real = which::which("git").unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {}\nexec {} \"$@\"\n",
            log.display(),
            real.display()
        );
        let program = bin.join("git");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { bin, log }
    }

    /// The calls of git by a command, without the options that all of them have.
    fn calls(&self, space: &Space, arguments: &[&str]) -> Vec<String> {
        let _ = fs::remove_file(&self.log);
        let path = format!("{}:{}", self.bin.display(), std::env::var("PATH").unwrap());
        let said = Said::of(space.bare(KAIZEN, arguments).env("PATH", path).output().unwrap());
        assert!(matches!(said.code, Some(0 | 3)), "{arguments:?}: {}", said.err);
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let subcommand = |line: &str| {
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                match word {
                    "-C" | "-c" => drop(words.next()),
                    option if option.starts_with('-') => {}
                    _ => return format!("{word} {}", words.collect::<Vec<_>>().join(" ")),
                }
            }
            String::new()
        };
        log.lines().map(subcommand).collect()
    }
}

/// Lets each command remember what it found, in files that have not changed for long enough.
fn settle(space: &Space) {
    std::thread::sleep(CALM);
    for command in ["status", "run", "verify"] {
        space.kaizen(&[command]);
    }
}

/// Adds a session.
fn another(space: &Space, hour: usize) {
    let now = format!("2026-03-01T{hour}:00:00Z");
    let said = space.kaizen_with("KAIZEN_NOW", &now, &["run", "--new"]);
    assert!(matches!(said.code, Some(0 | 3)), "{}", said.err);
}

#[test]
fn a_command_that_finds_nothing_new_starts_no_git_whatever_the_number_of_sessions() {
    let space = Space::executed();
    let git = CountingGit::beside(&space);
    let mut counts = Vec::new();
    for sessions in 1..=3 {
        if sessions > 1 {
            another(&space, 10 + sessions);
        }
        settle(&space);
        for command in ["run", "status", "log"] {
            let calls = git.calls(&space, &[command]);
            assert!(calls.is_empty(), "{command} with {sessions} sessions: {calls:?}");
        }
        let calls = git.calls(&space, &["verify"]);
        assert!(calls.len() <= 4, "{calls:?}");
        counts.push(calls.len());
    }
    assert_eq!(counts, vec![counts[0]; 3]);
}

#[test]
fn a_run_that_finds_nothing_to_try_does_not_open_the_cache_of_attempts() {
    let space = Space::executed();
    settle(&space);
    let memo = space.root.join(".kaizen/cache/memo.db");
    fs::remove_file(&memo).unwrap();
    space.kaizen(&["run"]).exits(3);
    assert!(!memo.exists());
    another(&space, 11);
    assert!(memo.exists());
}

#[test]
fn what_changes_after_a_run_is_found_by_the_next() {
    let space = Space::executed();
    let git = CountingGit::beside(&space);
    settle(&space);
    assert!(git.calls(&space, &["run"]).is_empty());
    // A person undoes the applied edit, in a commit that does not say so.
    let applied = space
        .git(&["log", "-1", "--format=%H", "--grep=Edit-Digest"])
        .trim()
        .to_owned();
    space.git(&["revert", "--no-commit", &applied]);
    space.commit_all("tidy up");
    assert!(!git.calls(&space, &["run"]).is_empty());
    assert_eq!(space.statuses()["bold"], "rolled_back", "{:?}", space.statuses());
}
