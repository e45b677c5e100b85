//! Tests of the ledger with real git repositories in temporary folders.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::too_many_lines)] // tests: real files and processes

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::ledger::graph::LedgerState;
use crate::ledger::message::message;
use crate::ledger::plain_layout::PlainLayout;
use crate::ledger::port::{Ledger, LedgerError};
use crate::ledger::{FileState, Git, Policy, SUBJECT};
use crate::sys::disk::Root;

/// A repository with one commit of `a.md` and `b.md`, isolated from the user's git settings.
struct World {
    folder: TempDir,
}

impl World {
    fn empty() -> World {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(world.root()).unwrap();
        fs::create_dir_all(world.folder.path().join("home")).unwrap();
        Git::init(&world.root()).unwrap();
        world
    }

    fn new() -> World {
        let world = World::empty();
        world.write("a.md", "a\n");
        world.write("b.md", "b\n");
        world.git(&["add", "."]);
        world.git(&["commit", "-q", "-m", "first"]);
        world
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.root().join(".git/hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// git as the user runs it.
    fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GIT_")) {
            command.env_remove(name);
        }
        let output = command
            .arg("-C")
            .arg(self.root())
            .args(["-c", "user.name=User", "-c", "user.email=user@example.org"])
            .args(["-c", "core.quotePath=false"])
            .args(arguments)
            .env("HOME", self.folder.path().join("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        (output.status.success(), text)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let (success, text) = self.try_git(arguments);
        assert!(success, "git {arguments:?}");
        text
    }

    fn policy(&self) -> Policy {
        let home = self.folder.path().join("home").display().to_string();
        Policy {
            author: Some(("Kai".into(), "kai@example.org".into())),
            lock_wait: Duration::from_millis(200),
            environment: [
                ("HOME".to_owned(), home.clone()),
                ("XDG_CONFIG_HOME".to_owned(), home),
                ("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned()),
            ]
            .into(),
            ..Policy::default()
        }
    }

    fn open(&self) -> Git {
        Git::open(&self.root(), self.policy()).unwrap()
    }

    fn status(&self) -> String {
        self.git(&["status", "--porcelain"])
    }

    /// The files of the commit at HEAD that differ from its parent.
    fn committed(&self) -> String {
        self.git(&["show", "--format=", "--name-status", "HEAD"])
    }
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

fn ours(session: &str) -> String {
    message(SUBJECT, "x a.md", "why", &[("Session-ID", session.to_owned())])
}

#[test]
fn the_users_staged_and_unstaged_work_stays_as_it_is() {
    let world = World::new();
    world.write("b.md", "staged\n");
    world.git(&["add", "b.md"]);
    world.write("b.md", "staged and more\n");
    world.write("a.md", "edited\n");
    let commit = world.open().commit(&paths(&["a.md"]), "edit").unwrap();
    assert_eq!(world.git(&["rev-parse", "HEAD"]), commit);
    assert_eq!(world.committed(), "M\ta.md");
    assert_eq!(world.status(), "MM b.md");
    assert_eq!(world.git(&["show", ":b.md"]), "staged");
}

#[test]
fn new_deleted_literal_and_non_ascii_files_are_committed() {
    let world = World::new();
    world.write("*.md", "literal\n");
    world.write("café/日本.md", "x\n");
    world.write("a.md", "the user's\n");
    fs::remove_file(world.root().join("b.md")).unwrap();
    let git = world.open();
    let wanted = paths(&["*.md", "b.md", "café"]);
    assert_eq!(git.dirty(&wanted).unwrap(), ["b.md", "*.md", "café/日本.md"]);
    git.commit(&wanted, "edit").unwrap();
    assert_eq!(world.committed(), "A\t*.md\nD\tb.md\nA\tcafé/日本.md");
    assert_eq!(world.status(), " M a.md");
}

#[test]
fn a_file_the_user_removed_with_git_rm_is_committed_as_deleted() {
    let world = World::new();
    world.git(&["rm", "-q", "b.md"]);
    world.open().commit(&paths(&["b.md"]), "edit").unwrap();
    assert_eq!(world.committed(), "D\tb.md");
}

#[test]
fn a_failing_hook_leaves_nothing_staged_that_was_not() {
    let world = World::new();
    world.hook("pre-commit", "echo no such luck >&2; exit 1");
    world.write("b.md", "older\n");
    world.git(&["add", "b.md"]);
    world.write("b.md", "newer\n");
    world.write("a.md", "edited\n");
    world.write("new.md", "new\n");
    let before = world.status();
    let error = world
        .open()
        .commit(&paths(&["a.md", "b.md", "new.md"]), "edit")
        .unwrap_err();
    assert!(error.to_string().contains("no such luck"), "{error}");
    assert_eq!(world.status(), before);
    assert_eq!(world.git(&["show", ":b.md"]), "older");

    let policy = Policy {
        hooks: false,
        ..world.policy()
    };
    Git::open(&world.root(), policy)
        .unwrap()
        .commit(&paths(&["a.md"]), "edit")
        .unwrap();
    assert_eq!(world.committed(), "M\ta.md");
}

#[test]
fn the_index_of_another_branch_is_left_alone() {
    let world = World::new();
    world.git(&["branch", "other"]);
    world.write("s/a.md", "1\n");
    world.git(&["add", "s"]);
    world.git(&["commit", "-q", "-m", "s"]);
    world.write("s/new.md", "2\n");
    // The user switches branches between our `git add` and our `git commit`.
    let switch = "test -e .git/switched && exit\ntouch .git/switched\nrm -r s\n\
        git read-tree other && git symbolic-ref HEAD refs/heads/other";
    world.hook("post-index-change", switch);
    let _ = world.open().commit(&paths(&["s"]), "ours");
    assert_eq!(world.git(&["symbolic-ref", "HEAD"]).trim(), "refs/heads/other");
    assert_eq!(world.git(&["diff", "--cached", "--name-only"]), "");
}

#[test]
fn the_index_is_put_back_in_a_sha256_repository_too() {
    let world = World::new();
    fs::remove_dir_all(world.root().join(".git")).unwrap();
    world.git(&["init", "-q", "--object-format=sha256"]);
    world.hook("pre-commit", "exit 1");
    world.open().commit(&paths(&["a.md"]), "edit").unwrap_err();
    assert_eq!(world.status(), "?? a.md\n?? b.md");
}

#[test]
fn failing_signing_is_an_error_and_can_be_turned_off() {
    let world = World::new();
    world.git(&["config", "commit.gpgSign", "true"]);
    world.git(&["config", "gpg.program", "false"]);
    world.write("a.md", "edited\n");
    world.open().commit(&paths(&["a.md"]), "edit").unwrap_err();
    assert_eq!(world.status(), " M a.md");
    let policy = Policy {
        sign: Some(false),
        ..world.policy()
    };
    Git::open(&world.root(), policy)
        .unwrap()
        .commit(&paths(&["a.md"]), "edit")
        .unwrap();
    assert_eq!(world.status(), "");
}

#[test]
fn a_workspace_below_the_repository_sees_only_itself() {
    let world = World::new();
    world.write("w/x.md", "x\n");
    world.write("outside.md", "x\n");
    let git = Git::open(&world.root().join("w"), world.policy()).unwrap();
    assert_eq!(git.dirty(&paths(&["."])).unwrap(), ["x.md"]);
    let first = git.commit(&paths(&["x.md"]), &ours("s1")).unwrap();
    assert_eq!(world.committed(), "A\tw/x.md");
    world.write("outside.md", "y\n");
    world.open().commit(&paths(&["outside.md"]), &ours("s2")).unwrap();
    let entries = git.entries(None).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].commit, first);
    assert_eq!(world.open().entries(None).unwrap().len(), 2);
    let harness = git.harness_at("HEAD", &|_| true).unwrap();
    assert_eq!(harness.files().collect::<Vec<_>>(), [("x.md", b"x\n".as_slice())]);
    fs::remove_file(world.root().join("w/x.md")).unwrap();
    git.commit(&paths(&["x.md"]), "gone")
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(git.commit(&paths(&["../a.md"]), "out").is_err());
}

#[test]
fn detached_and_unborn_heads_are_fine() {
    let world = World::new();
    world.git(&["checkout", "-q", "--detach"]);
    world.write("a.md", "edited\n");
    let mut git = world.open();
    git.allow_detached();
    let commit = git.commit(&paths(&["a.md"]), "edit").unwrap();
    assert_eq!(world.open().head().unwrap(), Some(commit));

    let world = World::empty();
    let git = world.open();
    assert_eq!(git.head().unwrap(), None);
    assert_eq!(git.entries(None).unwrap(), []);
    assert_eq!(git.last_touch(&paths(&["a.md"])).unwrap(), None);
    world.hook("pre-commit", "exit 1");
    world.write("a.md", "a\n");
    git.commit(&paths(&["a.md"]), &ours("s1")).unwrap_err();
    assert_eq!(world.status(), "?? a.md");
    fs::remove_file(world.root().join(".git/hooks/pre-commit")).unwrap();
    git.commit(&paths(&["a.md"]), &ours("s1")).unwrap();
    assert_eq!(git.entries(None).unwrap()[0].parent, None);
}

#[test]
fn head_is_found_wherever_git_keeps_it() {
    let world = World::new();
    let first = world.git(&["rev-parse", "HEAD"]);
    world.git(&["pack-refs", "--all"]);
    assert_eq!(world.open().head().unwrap().as_deref(), Some(first.trim()));
    world.write("a.md", "edited\n");
    let second = world.open().commit(&paths(&["a.md"]), "edit").unwrap();
    assert_eq!(world.git(&["rev-parse", "HEAD"]).trim(), second);

    let tree = world.root().join("../tree");
    world.git(&["worktree", "add", "-q", "../tree", "-b", "side/branch", first.trim()]);
    let git = Git::open(&tree, world.policy()).unwrap();
    assert_eq!(git.head().unwrap().as_deref(), Some(first.trim()));
    fs::write(tree.join("a.md"), "in the tree\n").unwrap();
    let third = git.commit(&paths(&["a.md"]), "edit").unwrap();
    assert_eq!(world.git(&["rev-parse", "side/branch"]).trim(), third);
    assert_eq!(world.open().head().unwrap(), Some(second));
}

#[test]
fn a_commit_of_known_and_new_files_takes_both() {
    let world = World::new();
    world.write("a.md", "edited\n");
    world.write("new.md", "new\n");
    let git = world.open();
    git.commit(&paths(&["a.md", "new.md"]), "edit").unwrap();
    assert_eq!(world.status(), "");
    assert_eq!(world.committed(), "M\ta.md\nA\tnew.md");
}

#[test]
fn no_repository_and_bare_repositories_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Git::open(folder.path(), Policy::default()).unwrap_err();
    assert!(matches!(error, LedgerError::NoRepository(_)), "{error}");
    let made = Command::new("git")
        .args(["init", "-q", "--bare"])
        .arg(folder.path())
        .status();
    assert!(made.unwrap().success());
    let error = Git::open(folder.path(), Policy::default()).unwrap_err();
    assert!(error.to_string().contains("bare"), "{error}");
}

#[test]
fn a_held_lock_is_waited_for_and_never_removed() {
    let world = World::new();
    world.write("a.md", "edited\n");
    let lock = world.root().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let error = world.open().commit(&paths(&["a.md"]), "edit").unwrap_err();
    let LedgerError::Locked { path, .. } = &error else {
        panic!("{error}")
    };
    assert!(Path::new(path).ends_with(".git/index.lock"), "{path}");
    assert!(lock.exists());

    let patient = Policy {
        lock_wait: Duration::from_secs(60),
        ..world.policy()
    };
    let git = Git::open(&world.root(), patient).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(150));
            fs::remove_file(&lock).unwrap();
        });
        git.commit(&paths(&["a.md"]), "edit").unwrap();
    });
    assert_eq!(world.status(), "");
}

#[test]
fn a_missing_identity_is_named() {
    let world = World::new();
    world.write("a.md", "edited\n");
    let policy = Policy {
        author: None,
        ..world.policy()
    };
    let git = Git::open(&world.root(), policy).unwrap();
    let error = git.commit(&paths(&["a.md"]), "edit").unwrap_err();
    assert!(matches!(error, LedgerError::NoIdentity), "{error}");
    assert_eq!(world.status(), " M a.md");
}

#[test]
fn ignored_paths_are_refused_and_reported() {
    let world = World::new();
    world.write(".gitignore", "*.log\n");
    world.write("x.log", "x\n");
    world.write("a.md", "edited\n");
    let git = world.open();
    let error = git.commit(&paths(&["a.md", "x.log"]), "edit").unwrap_err();
    assert!(
        matches!(&error, LedgerError::Ignored(path) if path == "x.log"),
        "{error}"
    );
    assert_eq!(world.status(), " M a.md\n?? .gitignore");
    let status = git.status(&paths(&["x.log", "b.md"])).unwrap();
    assert_eq!(status.len(), 1);
    assert_eq!(
        (status[0].path.as_str(), status[0].state),
        ("x.log", FileState::Ignored)
    );
}

#[test]
fn nothing_to_commit_answers_head() {
    let world = World::new();
    let git = world.open();
    let head = git.head().unwrap().unwrap();
    world.write("b.md", "staged\n");
    world.git(&["add", "b.md"]);
    for wanted in [&["a.md"][..], &[], &["absent.md"]] {
        assert_eq!(git.commit(&paths(wanted), "edit").unwrap(), head, "{wanted:?}");
    }
    assert_eq!(world.status(), "M  b.md");
}

#[test]
fn unfinished_work_of_the_user_is_left_alone() {
    let world = World::new();
    world.git(&["checkout", "-q", "-b", "side"]);
    world.write("a.md", "side\n");
    world.git(&["commit", "-q", "-am", "side"]);
    world.git(&["checkout", "-q", "main"]);
    world.write("a.md", "main\n");
    world.git(&["commit", "-q", "-am", "main"]);
    for (command, name) in [("merge", "merge"), ("cherry-pick", "cherry-pick"), ("rebase", "rebase")] {
        assert!(!world.try_git(&[command, "side"]).0, "{command} should conflict");
        world.write("b.md", "edited\n");
        let before = world.status();
        let error = world.open().commit(&paths(&["b.md"]), "edit").unwrap_err();
        assert!(
            matches!(&error, LedgerError::InProgress(what) if what == name),
            "{command}: {error}"
        );
        assert_eq!(world.status(), before);
        world.git(&["checkout", "-q", "--", "b.md"]);
        world.git(&[command, "--abort"]);
    }
}

#[test]
fn an_inherited_index_file_is_not_used() {
    let world = World::new();
    world.write("a.md", "edited\n");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ledger::tests::commits_in_the_named_world", "--ignored"])
        .env("GIT_INDEX_FILE", world.folder.path().join("other-index"))
        .env("GIT_DIR", "/nowhere")
        .env("KAIZEN_TEST_WORLD", world.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(world.committed(), "M\ta.md");
    assert!(!world.folder.path().join("other-index").exists());
}

#[test]
#[ignore = "run by `an_inherited_index_file_is_not_used`, in a separate environment"]
fn commits_in_the_named_world() {
    let root = PathBuf::from(std::env::var_os("KAIZEN_TEST_WORLD").unwrap());
    let policy = Policy {
        author: Some(("Kai".into(), "kai@example.org".into())),
        ..Policy::default()
    };
    Git::open(&root, policy)
        .unwrap()
        .commit(&paths(&["a.md"]), "edit")
        .unwrap();
}

#[test]
fn entries_come_back_with_their_trailers_and_hostile_bodies_add_none() {
    let world = World::new();
    let policy = Policy {
        date: Some("2026-01-02T03:04:05Z".to_owned()),
        ..world.policy()
    };
    let git = Git::open(&world.root(), policy).unwrap();
    let first = git.head().unwrap().unwrap();
    world.write("a.md", "1\n");
    let hostile = "# Not a comment\n\nEdit-ID: evil\nSession-ID: evil\n\0\n---\nThis reverts commit 0000000000.";
    let text = message(
        SUBJECT,
        "x a.md",
        hostile,
        &[("Edit-ID", "e1".into()), ("Session-ID", "s1".into())],
    );
    let one = git.commit(&paths(&["a.md"]), &text).unwrap();
    world.write("a.md", "2\n");
    world.git(&["commit", "-q", "-am", "the user's\n\nmentions Session-ID: s1 only"]);
    world.write("a.md", "3\n");
    let two = git.commit(&paths(&["a.md"]), &ours("s2")).unwrap();

    let entries = git.entries(None).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].commit, one);
    assert_eq!(entries[0].parent, Some(first.clone()));
    assert_eq!(entries[0].subject, "kaizen: x a.md");
    assert_eq!(entries[0].committed_at, "2026-01-02T03:04:05.000Z");
    assert_eq!(
        entries[0].trailers,
        [("Edit-ID".into(), "e1".into()), ("Session-ID".into(), "s1".into())]
    );
    assert!(
        world
            .git(&["show", "-s", "--format=%B", &one])
            .contains("# Not a comment")
    );
    let after_one = git.entries(Some(&one)).unwrap();
    assert_eq!(after_one.iter().map(|entry| &entry.commit).collect::<Vec<_>>(), [&two]);
    for unknown in ["0123456789012345678901234567890123456789", "--all", "no such"] {
        assert_eq!(git.entries(Some(unknown)).unwrap().len(), 2, "{unknown}");
    }
    assert_eq!(git.last_touch(&paths(&["a.md"])).unwrap(), Some(two));
    assert_eq!(git.last_touch(&paths(&["b.md"])).unwrap(), Some(first));
}

#[test]
fn the_users_reverts_are_seen_until_they_are_reverted() {
    let world = World::new();
    let git = world.open();
    world.write("a.md", "1\n");
    let one = git.commit(&paths(&["a.md"]), &ours("s1")).unwrap();
    world.write("b.md", "1\n");
    let two = git.commit(&paths(&["b.md"]), &ours("s1")).unwrap();
    let of = |commit: &str| {
        let applied = LedgerState::Applied(commit.to_owned());
        let events = BTreeMap::from([(commit.to_owned(), applied)]);
        let graph = git.graph(None).unwrap();
        graph.state::<Infallible>(&events, &|_| Ok(None)).unwrap().unwrap()
    };
    assert_eq!(of(&one), LedgerState::Applied(one.clone()));
    world.git(&["revert", "--no-edit", &one]);
    let head = || git.head().unwrap().unwrap();
    assert_eq!(of(&one), LedgerState::Undone(Some(head())));
    assert_eq!(of(&two), LedgerState::Applied(two.clone()));
    world.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(of(&one), LedgerState::Applied(head()));
}

#[test]
fn a_commit_is_read_as_a_harness() {
    let world = World::new();
    std::os::unix::fs::symlink("/etc", world.root().join("link")).unwrap();
    world.write("empty.md", "");
    world.write("big.bin", &"x".repeat(10 * 1024 * 1024 + 1));
    world.write("naïve name.md", "blob 3\n\n");
    world.git(&["add", "."]);
    world.git(&["commit", "-q", "-m", "more"]);
    let git = world.open();
    let harness = git.harness_at("HEAD", &|path| path != "b.md").unwrap();
    let names: Vec<&str> = harness.files().map(|(path, _)| path).collect();
    assert_eq!(names, ["a.md", "empty.md", "naïve name.md"]);
    assert_eq!(harness.text("naïve name.md"), Some("blob 3\n\n"));
    assert!(harness.forbidden("link/passwd").is_some());
    assert!(harness.forbidden("big.bin").is_some());
    assert!(git.harness_at("--help", &|_| true).is_err());
}

#[test]
#[ignore = "a measurement: run with --ignored --nocapture"]
fn measure_commits_and_history() {
    let world = World::new();
    let git = world.open();
    let mut times = Vec::new();
    for number in 0..1000 {
        world.write("a.md", &format!("{number}\n"));
        let start = std::time::Instant::now();
        git.commit(&paths(&["a.md"]), &ours("s1")).unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    let start = std::time::Instant::now();
    let count = git.entries(None).unwrap().len();
    println!(
        "commit median {:?}, p90 {:?}; log of {count}: {:?}",
        times[500],
        times[900],
        start.elapsed()
    );
}

#[test]
fn a_git_that_hangs_is_ended_when_it_only_reads() {
    let world = World::new();
    let monitor = world.root().join(".git/monitor");
    world.hook("../monitor", "exec sleep 20");
    world.git(&["config", "core.fsmonitor", monitor.to_str().unwrap()]);
    let policy = Policy {
        read_limit: Duration::from_millis(300),
        ..world.policy()
    };
    let git = Git::open(&world.root(), policy).unwrap();
    let error = git.dirty(&paths(&["a.md"])).unwrap_err();
    assert!(
        matches!(&error, LedgerError::TooSlow { command, .. } if command == "status"),
        "{error}"
    );
}

#[test]
fn a_commit_that_waits_for_a_hook_is_not_ended() {
    let world = World::new();
    world.hook("pre-commit", "sleep 0.3");
    world.write("a.md", "edited\n");
    let policy = Policy {
        read_limit: Duration::from_millis(200),
        patience: Duration::from_millis(10),
        ..world.policy()
    };
    let git = Git::open(&world.root(), policy).unwrap();
    let (_, hooked) = git.commit_with_hooks(&paths(&["a.md"]), "edit").unwrap();
    assert!(hooked);
    assert_eq!(world.status(), "");
}

#[test]
fn what_a_hook_stages_is_in_the_index_too_and_the_users_work_stays() {
    let world = World::new();
    world.write("c.md", "c\n");
    world.git(&["add", "c.md"]);
    world.git(&["commit", "-q", "-m", "c"]);
    world.hook("pre-commit", "echo more >> a.md; echo new > d.md; git add a.md d.md");
    world.write("b.md", "the user's\n");
    world.git(&["add", "b.md"]);
    world.write("c.md", "not staged\n");
    world.write("a.md", "edited\n");
    world.open().commit(&paths(&["a.md"]), "edit").unwrap();
    assert_eq!(world.committed(), "M\ta.md\nA\td.md");
    assert_eq!(world.status(), "M  b.md\n M c.md");
    assert_eq!(world.git(&["show", "HEAD:a.md"]), "edited\nmore");
}

#[test]
fn a_refusing_hook_is_named_with_its_output() {
    let world = World::new();
    world.write("a.md", "edited\n");
    for name in ["pre-commit", "commit-msg"] {
        world.hook(name, "echo told on stdout; echo and on stderr >&2; exit 3");
        let error = world.open().commit(&paths(&["a.md"]), "edit").unwrap_err();
        let LedgerError::Hook { hook, output } = &error else {
            panic!("{error}")
        };
        assert_eq!(hook, name);
        assert!(
            output.contains("told on stdout") && output.contains("and on stderr"),
            "{output}"
        );
        fs::remove_file(world.root().join(".git/hooks").join(name)).unwrap();
    }
}

#[test]
fn commits_without_a_branch_have_to_be_allowed() {
    let world = World::new();
    world.git(&["checkout", "-q", "--detach"]);
    world.write("a.md", "edited\n");
    let error = world.open().commit(&paths(&["a.md"]), "edit").unwrap_err();
    assert!(matches!(error, LedgerError::Detached), "{error}");
    assert_eq!(world.status(), " M a.md");
}

/// What a ledger says about the history: all of it, and what is after each commit.
fn said(git: &Git, commits: &[String]) -> String {
    let since = commits.iter().map(|commit| Some(commit.as_str()));
    let mut said = String::new();
    for since in std::iter::once(None).chain(since) {
        let graph = git.graph(since).unwrap();
        let places: Vec<_> = commits.iter().map(|commit| graph.place(commit)).collect();
        said += &format!("{since:?} {places:?} {:?}\n", graph.has_reverts());
        said += &format!("{:?}\n", git.entries(since).unwrap());
    }
    said
}

#[test]
fn the_archive_says_what_git_says_wherever_head_moves() {
    let world = World::new();
    let (root, policy) = (Root::open(&world.root()).unwrap(), world.policy());
    fs::write(world.root().join(".git/info/exclude"), ".kaizen\n").unwrap();
    let edit = |number: usize| {
        let text = format!(
            "kaizen: step {number}\n\nwhy\n\nSession-ID: s{}\nEdit-ID: e{number}\n",
            number % 2
        );
        world.write(&format!("f{number}.md"), "x\n");
        world.git(&["add", "."]);
        world.git(&["commit", "-q", "-m", &text]);
    };
    let steps: [&dyn Fn(); 9] = [
        &|| edit(1),
        &|| (2..5).for_each(edit),
        &|| drop(world.git(&["revert", "--no-edit", "HEAD"])),
        &|| {
            world.git(&["switch", "-q", "-c", "side", "HEAD~2"]);
            edit(6);
        },
        &|| {
            world.git(&["switch", "-q", "main"]);
            edit(7);
        },
        &|| drop(world.git(&["merge", "-q", "--no-edit", "side"])),
        &|| edit(8),
        &|| drop(world.git(&["reset", "-q", "--hard", "HEAD~3"])),
        &|| drop(world.git(&["commit", "-q", "--amend", "-m", "kaizen: amended\n\nSession-ID: s9\n"])),
    ];
    for (number, step) in steps.into_iter().enumerate() {
        step();
        let all = world.git(&["rev-list", "--all"]);
        let commits: Vec<String> = all.lines().map(str::to_owned).collect();
        let expected = said(&Git::open(&root, policy.clone()).unwrap(), &commits);
        let kept = || Git::open(&root, policy.clone()).unwrap().with_archive(&root);
        let first = kept();
        assert_eq!(said(&first, &commits), expected, "{number}");
        first.keep_history();
        assert_eq!(said(&kept(), &commits), expected, "{number}, from its files");
    }
    let file = world.root().join(".kaizen/cache/history.graph");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace('a', "b")).unwrap();
    let damaged = Git::open(&root, policy.clone()).unwrap().with_archive(&root);
    assert_eq!(said(&damaged, &[]), said(&Git::open(&root, policy).unwrap(), &[]));
}

#[test]
fn the_plain_layout_is_what_git_says_and_any_other_is_left_to_git() {
    let git = |world: &World, arguments: &[&str]| world.git(arguments);
    type Setup<'s> = &'s dyn Fn(&World) -> PathBuf;
    let cases: [(&str, bool, Setup); 14] = [
        ("a clone's folder", true, &|world| world.root()),
        ("a folder below", true, &|world| {
            world.write("deep/er/x.md", "x\n");
            world.root().join("deep/er")
        }),
        ("a link to a folder below", true, &|world| {
            world.write("deep/x.md", "x\n");
            let link = world.folder.path().join("link");
            std::os::unix::fs::symlink(world.root().join("deep"), &link).unwrap();
            link
        }),
        ("a detached head", true, &|world| {
            git(world, &["checkout", "-q", "--detach"]);
            world.root()
        }),
        ("packed refs", true, &|world| {
            git(world, &["pack-refs", "--all"]);
            world.root()
        }),
        ("a name with other letters", false, &|world| {
            world.write("größe/x.md", "x\n");
            world.root().join("größe")
        }),
        ("a worktree", false, &|world| {
            let tree = world.folder.path().join("tree");
            git(world, &["worktree", "add", "-q", tree.to_str().unwrap()]);
            tree
        }),
        ("a folder of git elsewhere", false, &|world| {
            let moved = world.folder.path().join("elsewhere");
            git(world, &["init", "-q", "--separate-git-dir", moved.to_str().unwrap()]);
            world.root()
        }),
        ("a work tree elsewhere", false, &|world| {
            git(world, &["config", "core.worktree", "../deep"]);
            world.write("deep/x.md", "x\n");
            world.root().join("deep")
        }),
        ("a bare repository", false, &|world| {
            git(world, &["config", "core.bare", "true"]);
            world.root()
        }),
        ("an extension", false, &|world| {
            git(world, &["config", "core.repositoryFormatVersion", "1"]);
            git(world, &["config", "extensions.worktreeConfig", "true"]);
            world.root()
        }),
        ("a folder that looks like a repository", false, &|world| {
            for name in ["fake/objects/x", "fake/refs/x", "fake/in/x"] {
                world.write(name, "");
            }
            world.write("fake/HEAD", "ref: refs/heads/main\n");
            world.root().join("fake/in")
        }),
        ("the folder of git", false, &|world| world.root().join(".git")),
        ("no repository", false, &|world| {
            fs::remove_dir_all(world.root().join(".git")).unwrap();
            world.root()
        }),
    ];
    for (what, is_plain, setup) in cases {
        let world = World::new();
        let workspace = setup(&world);
        let found = PlainLayout::of(&workspace, &world.policy());
        assert_eq!(found.is_some(), is_plain, "{what}: {found:?}");
        let asked = Git::open_by_asking(&workspace, world.policy());
        let opened = Git::open(&workspace, world.policy());
        let place = |git: Git| {
            let common = git.common_dir.canonicalize().unwrap();
            (git.workspace, git.git_dir, common, git.prefix)
        };
        match (opened, asked) {
            (Ok(opened), Ok(asked)) => assert_eq!(place(opened), place(asked), "{what}"),
            (Err(opened), Err(asked)) => assert_eq!(opened.to_string(), asked.to_string(), "{what}"),
            (opened, asked) => panic!("{what}: {opened:?} and {asked:?}"),
        }
    }
}

#[test]
fn settings_of_the_search_are_left_to_git() {
    let world = World::new();
    let mut policy = world.policy();
    assert!(PlainLayout::of(&world.root(), &policy).is_some());
    let ceiling = world.root().display().to_string();
    policy.environment.insert("GIT_CEILING_DIRECTORIES".into(), ceiling);
    assert!(PlainLayout::of(&world.root(), &policy).is_none());
}

#[test]
fn files_larger_together_than_one_may_be_are_read_all_the_same() {
    let world = World::new();
    let part = "0123456789abcde\n".repeat(400_000);
    world.write("a.md", &part);
    world.write("b.md", &format!("{part}b"));
    world.write("c.md", &part.repeat(2));
    world.git(&["add", "."]);
    world.git(&["commit", "-q", "-m", "large"]);
    let files = world.open().harness_at("HEAD", &|_| true).unwrap();
    let size = |path: &str| files.get(path).map(<[u8]>::len);
    assert_eq!((size("a.md"), size("b.md")), (Some(part.len()), Some(part.len() + 1)));
    assert_eq!(size("c.md"), None);
    assert!(
        files
            .all_forbidden()
            .any(|(path, why)| path == "c.md" && why.contains("larger"))
    );
}

#[test]
fn one_process_reads_the_same_files_as_many() {
    for (what, attributes, path, text, is_bulk) in [
        ("plain files", "", "skills/s/SKILL.md", "one\n", true),
        ("an empty file", "", "empty", "", true),
        ("files of sessions", "", "sessions/s/plan.json", "{}\n", true),
        (
            "a folder of sessions further down",
            "",
            "x/sessions/plan.json",
            "{}\n",
            true,
        ),
        ("a name with blanks", "", "a b/c d.md", "x\n", true),
        ("converted line ends", "* text eol=crlf\n", "c.md", "one\ntwo\n", false),
        ("a link", "", "link", "-> a.md", false),
    ] {
        let world = World::new();
        world.write(".gitattributes", attributes);
        match text.strip_prefix("-> ") {
            Some(target) => std::os::unix::fs::symlink(target, world.root().join(path)).unwrap(),
            None => world.write(path, text),
        }
        world.git(&["add", "."]);
        world.git(&["commit", "-q", "-m", "second"]);
        for folder in ["", "skills"] {
            let root = world.root().join(folder);
            fs::create_dir_all(&root).unwrap();
            let (one, many) = (
                Git::open(&root, world.policy()).unwrap(),
                Git::open(&root, world.policy()).unwrap(),
            );
            one.read_in_bulk();
            for commit in ["HEAD", &world.git(&["rev-parse", "HEAD~1"])] {
                let select = |path: &str| !path.starts_with("sessions/");
                let [one, many] =
                    [&one, &many].map(|git| git.harness_at(commit, &select).map_err(|error| error.to_string()));
                assert_eq!(one, many, "{what}, {commit} in {folder:?}");
            }
            if folder.is_empty() {
                let bulk = one.bulk.get().unwrap();
                let harness = bulk.harness(&one, "HEAD", &|_| true).unwrap();
                assert_eq!(harness.is_some(), is_bulk, "{what}");
            }
        }
    }
}

#[test]
fn one_process_reads_executable_files_and_none_that_are_too_large() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(world.root().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    world.write("large.md", &"x".repeat(10 * 1024 * 1024 + 1));
    world.git(&["add", "."]);
    world.git(&["commit", "-q", "-m", "second"]);
    let (one, many) = (world.open(), world.open());
    one.read_in_bulk();
    for select in [&(|path: &str| path != "large.md") as &dyn Fn(&str) -> bool, &|_| true] {
        assert_eq!(
            one.harness_at("HEAD", select).unwrap(),
            many.harness_at("HEAD", select).unwrap()
        );
    }
}
