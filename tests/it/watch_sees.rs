//! `kaizen watch` sees everything that a run would see, whatever writes it, and starts nothing else.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use super::interleavings::random::Random;
use super::space::{KAIZEN, Space, names};
use super::watcher::Watcher;

const A_WHILE: Duration = Duration::from_millis(900);
/// Longer than the pause after which traces are searched again.
const SILENCE: Duration = Duration::from_millis(2500);
/// No rescan within a test: only events help.
const BY_EVENTS: &str = "[triggers]\nquiet_ms = 100\nrescan_seconds = 3600\n";

fn trace(id: &str, is_flagged: bool) -> String {
    let trace = json!({"trace_id": id, "query": format!("where is {id}"), "result": "none", "user_flag": is_flagged});
    format!("{trace}\n")
}

/// A settled workspace whose manifest also has this text.
fn space(more: &str) -> Space {
    let space = Space::executed();
    let manifest = space.read("kaizen.toml");
    space.write("kaizen.toml", &format!("{manifest}{more}"));
    space.commit_all("settings");
    space
}

/// A store as OpenJarvis keeps it, with a write-ahead log and its owner connected.
fn store(space: &Space) -> Connection {
    let store = Connection::open(space.root.join("traces.db")).unwrap();
    let columns = "id INTEGER PRIMARY KEY, trace_id TEXT UNIQUE, query TEXT, agent TEXT, model TEXT, engine TEXT,
        result TEXT, outcome TEXT, feedback REAL, started_at REAL, ended_at REAL, total_tokens INTEGER,
        total_latency_seconds REAL, metadata TEXT, messages TEXT";
    let steps = "id INTEGER PRIMARY KEY, trace_id TEXT, step_index INTEGER, step_type TEXT, timestamp REAL,
        duration_seconds REAL, input TEXT, output TEXT, metadata TEXT";
    store
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; CREATE TABLE traces ({columns}); CREATE TABLE trace_steps ({steps});
            PRAGMA wal_checkpoint(TRUNCATE);"
        ))
        .unwrap();
    store
}

fn insert(store: &Connection, id: &str, is_flagged: bool) {
    let metadata = json!({"user_flag": is_flagged}).to_string();
    let row = "INSERT INTO traces (trace_id, query, agent, model, engine, result, outcome, started_at, ended_at,
        total_tokens, total_latency_seconds, metadata, messages)
        VALUES (?1, ?1, '', '', '', 'none', NULL, 0, 0, 0, 0, ?2, '[]')";
    store.execute(row, (id, metadata)).unwrap();
}

#[test]
fn a_trace_that_is_only_in_the_write_ahead_log_starts_a_session() {
    for arguments in [&[][..], &["--poll"]] {
        let space = space(&format!(
            "[traces]\nfiles = [\"traces/*.jsonl\", \"traces.db\"]\n{BY_EVENTS}"
        ));
        let store = store(&space);
        let before = fs::read(space.root.join("traces.db")).unwrap();
        let mut watcher = Watcher::start_with(&space, arguments);
        assert!(watcher.within(A_WHILE).is_empty(), "{:?}", watcher.said.last());
        insert(&store, "in-the-log", true);
        watcher.until("trigger_dropped");
        watcher.until("session_settled");
        assert_eq!(
            fs::read(space.root.join("traces.db")).unwrap(),
            before,
            "only the log changed"
        );
        // Reading the store is no reason to read it again.
        assert!(watcher.within(SILENCE).is_empty(), "{:?}", watcher.said.last());
    }
}

#[test]
fn folders_of_traces_may_come_later_be_replaced_and_be_links() {
    let space = space(&format!(
        "[traces]\nfiles = [\"traces/*.jsonl\", \"logs/**/*.jsonl\", \"days/*/t.jsonl\"]\n{BY_EVENTS}"
    ));
    let mut watcher = Watcher::start(&space);
    let mut next = |what: &str| {
        assert_eq!(
            watcher.until_where(what, |event| event["event"] == "trigger_dropped")["kind"],
            "user_flag"
        );
        watcher.until("session_settled");
    };
    space.write("logs/a/b/one.jsonl", &trace("one", true));
    next("a trace in new folders");
    space.write("logs/a/b/two.jsonl", &trace("two", true));
    next("a further trace there");
    space.write("other/a/b/three.jsonl", &trace("three", true));
    fs::rename(space.root.join("logs"), space.root.join("old")).unwrap();
    fs::rename(space.root.join("other"), space.root.join("logs")).unwrap();
    next("a replaced folder");
    space.write("logs/a/b/four.jsonl", &trace("four", true));
    next("a trace in the replaced folder");
    space.write("days/monday/t.jsonl", &trace("five", true));
    next("a trace behind a wildcard in the middle");
    space.write("data/linked.jsonl", &trace("six", false));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../data/linked.jsonl", space.root.join("traces/linked.jsonl")).unwrap();
        std::thread::sleep(A_WHILE);
        space.write("data/linked.jsonl", &(trace("six", false) + &trace("seven", true)));
        next("a trace in the target of a link");
    }
}

/// Runs the watcher with few of the system's watches, or watchers; `None` if this system cannot limit them.
fn limited(space: &Space, limit: &str) -> Option<Watcher> {
    let script = format!("echo {limit} || exit 77; exec \"$@\"");
    let prefix = ["unshare", "-Ur", "sh", "-c", &script, "sh"];
    let try_it = Command::new(prefix[0])
        .args(&prefix[1..])
        .arg("true")
        .stderr(Stdio::null())
        .status();
    let is_possible = try_it.is_ok_and(|status| status.success());
    is_possible.then(|| Watcher::start_under(space, &prefix, &[]))
}

#[test]
fn without_file_watches_it_polls_and_says_so_once() {
    for limit in [
        "6 > /proc/sys/user/max_inotify_watches",
        "0 > /proc/sys/user/max_inotify_instances",
    ] {
        let space = space("[triggers]\nquiet_ms = 100\n");
        let Some(mut watcher) = limited(&space, limit) else {
            return;
        };
        for number in 0..2 {
            space.write(&format!("triggers/{number}"), "");
            watcher.until("trigger_claimed");
            watcher.until("session_settled");
        }
        watcher.within(A_WHILE);
        let notes: Vec<_> = watcher.said.iter().filter(|event| event["event"] == "note").collect();
        let is_about_limits =
            |note: &&serde_json::Value| note["text"].as_str().unwrap().contains("fs.inotify.max_user_");
        assert_eq!(
            notes.iter().filter(|note| is_about_limits(note)).count(),
            1,
            "{notes:?}"
        );
    }
}

#[test]
fn a_workspace_that_is_moved_or_deleted_ends_it_and_is_not_created_again() {
    for (arguments, is_deleted) in [(&[][..], false), (&["--poll"], false), (&[], true)] {
        let space = space(BY_EVENTS);
        let watcher = Watcher::start_with(&space, arguments);
        std::thread::sleep(A_WHILE);
        match is_deleted {
            true => fs::remove_dir_all(&space.root).unwrap(),
            false => fs::rename(&space.root, space.root.with_file_name("moved")).unwrap(),
        }
        assert_eq!(watcher.end(), Some(1));
        assert!(!space.root.exists(), "{:?}", names(&space.root));
    }
}

#[cfg(unix)]
#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let space = space(BY_EVENTS);
    let mut watcher = Watcher::start_under(&space, &["sh", "-c", "trap '' HUP INT; exec \"$@\"", "sh"], &[]);
    for signal in ["HUP", "INT"] {
        watcher.send(signal);
        assert!(watcher.within(A_WHILE).is_empty(), "{signal}");
    }
    space.write("triggers/go", "");
    watcher.until("trigger_claimed");
    watcher.until("session_settled");
    assert_eq!(watcher.signal("TERM").0, Some(0));
}

#[test]
fn side_files_start_nothing_and_a_persons_file_does() {
    let space = space(BY_EVENTS);
    let mut watcher = Watcher::start(&space);
    let side_files = [
        "#go#",
        ".#go",
        "go~",
        ".go.swp",
        "4913",
        ".go.un~",
        "go.tmp",
        ".syncthing.go.tmp",
        "go.sb-1a2b3c4d-XyZ123",
        "~$go",
        "~$go.json",
        ".DS_Store",
        "go.crdownload",
        ".~lock.go#",
        "go___jb_tmp___",
        "go___jb_old___",
        "go (Ann's conflicted copy 2026-01-31)",
        "go (conflicted copy 2026-01-31 120000).json",
        ".tmp.drivedownload",
        ".go.AbCdEf",
        "go.part",
        "go.sync-conflict-20260131-120000-ABCDEFG.json",
        "Icon\r",
    ];
    for name in side_files {
        space.write(&format!("triggers/{name}"), "");
    }
    space.write(
        "traces/runs (Ann's conflicted copy 2026-01-31).jsonl",
        &trace("copy", true),
    );
    assert!(watcher.within(SILENCE).is_empty(), "{:?}", watcher.said.last());
    space.write("triggers/fix #3", "");
    assert_eq!(watcher.until("trigger_claimed")["file"], "triggers/fix #3");
    watcher.until("session_settled");
    assert_eq!(names(&space.root.join("triggers")).len(), side_files.len());
}

#[cfg(unix)]
#[test]
fn a_closed_output_ends_it_quietly() {
    for format in ["json", "text"] {
        let space = space(BY_EVENTS);
        let mut command = space.command("sh", &["-c", "\"$0\" watch --format $1 | head -n 1", KAIZEN, format]);
        let begin = Instant::now();
        let said = command.env_remove("KAIZEN_NOW").output().unwrap();
        assert!(begin.elapsed() < Duration::from_secs(30), "{format}");
        assert_eq!(String::from_utf8_lossy(&said.stderr), "", "{format}");
        assert!(String::from_utf8_lossy(&said.stdout).contains("watch"), "{format}");
    }
}

#[test]
fn a_removed_checkpoint_runs_its_phase_again_as_a_run_would() {
    let space = space(BY_EVENTS);
    let mut watcher = Watcher::start(&space);
    fs::remove_file(space.root.join(space.session()).join("checkpoints/record.json")).unwrap();
    watcher.until_where("phase", |event| {
        event["event"] == "phase_started" && event["phase"] == "record"
    });
    watcher.until("session_settled");
}

#[test]
fn a_changed_file_of_a_program_needs_approval_at_once() {
    let space = space(&format!(
        "[student]\nengine = \"command\"\nrun = [\"sh\", \"tools/agent.sh\"]\n{BY_EVENTS}"
    ));
    space.write("tools/agent.sh", "echo four\n");
    let mut watcher = Watcher::start(&space);
    space.write("tools/agent.sh", "echo five\n");
    watcher.until("trust_needed");
    space.kaizen(&["trust", "--yes"]);
    watcher.until("trusted");
}

/// Random operations on the files of a workspace.
struct Acts<'a> {
    space: &'a Space,
    random: Random,
    store: Connection,
    number: usize,
    done: Vec<String>,
}

impl Acts<'_> {
    /// A new trace, which is flagged once in three times.
    fn trace(&mut self) -> String {
        self.number += 1;
        trace(&format!("n{}", self.number), self.random.once_in(3))
    }

    fn one_of(&mut self, names: &[&str]) -> String {
        self.random.one(names).unwrap_or_default().to_owned()
    }

    fn act(&mut self) {
        let file = self.one_of(&[
            "logs/a/x.jsonl",
            "logs/a/b/x.jsonl",
            "logs/c/y.jsonl",
            "days/m/t.jsonl",
            "traces/z.jsonl",
        ]);
        let folder = Path::new(&file).parent().unwrap().to_owned();
        let (path, folder) = (self.space.root.join(&file), self.space.root.join(folder));
        let text = fs::read_to_string(&path).unwrap_or_default();
        let new = self.trace();
        let kind = self.random.below(11);
        self.done.push(format!("{kind} {file} {new}"));
        // An operation on what does not exist fails, and changes nothing.
        let _ = match kind {
            0 | 1 => {
                self.space.write(&file, &(text + &new));
                Ok(())
            }
            2 => fs::write(&path, ""),
            3 => fs::write(&path, new),
            4 => fs::remove_file(&path),
            5 => fs::remove_dir_all(&folder),
            6 => fs::create_dir_all(&folder),
            7 => fs::rename(&folder, folder.with_file_name("b")),
            8 => {
                let name = format!("s{}", self.number);
                insert(&self.store, &name, self.random.once_in(3));
                Ok(())
            }
            9 => {
                let name = self.one_of(&["go", "go.json", "#go#", "go~", "go.part"]);
                fs::write(self.space.root.join("triggers").join(name), "")
            }
            _ => {
                let next = self.space.root.join("traces/next");
                fs::write(&next, text + &new).and_then(|()| fs::rename(next, &path))
            }
        };
        std::thread::sleep(Duration::from_millis(self.random.below(200) as u64));
    }
}

#[test]
fn after_any_operations_a_new_watcher_finds_nothing_left() {
    let seeds = if std::env::var_os("KAIZEN_FULL").is_some() {
        60
    } else {
        2
    };
    for seed in 0..seeds {
        let files = "\"traces/*.jsonl\", \"logs/**/*.jsonl\", \"days/*/t.jsonl\", \"traces.db\"";
        let space = space(&format!("[traces]\nfiles = [{files}]\n{BY_EVENTS}"));
        let arguments: &[&str] = if seed % 2 == 0 { &[] } else { &["--poll"] };
        let mut acts = Acts {
            random: Random::new(seed),
            store: store(&space),
            number: 0,
            done: Vec::new(),
            space: &space,
        };
        let mut watcher = Watcher::start_with(&space, arguments);
        for _ in 0..12 {
            acts.act();
        }
        while !watcher.within(SILENCE).is_empty() {}
        assert_eq!(watcher.signal("TERM").0, Some(0));
        let left = Watcher::start(&space).within(SILENCE);
        assert!(left.is_empty(), "seed {seed}, after {:#?}: {left:#?}", acts.done);
    }
}
