//! A `Space` is a tiny workspace in its own temporary folder, in which tests run the real program.
//!
//! - `Space::new` is the workspace of `fixture.rs`, committed, without a session. `Space::empty` is an empty folder.
//! - `Space::planned` has a session that stopped after phase `plan`; its plan is then replaced by `edits::first_plan`.
//! - `Space::executed` is `planned` after `kaizen run`: `bold` is applied, `shy` rejected, `shots` pending, `hostile`
//!   inapplicable.
//! - `Said` is the result of a process: exit code, stdout and stderr. `exits` and `says` assert on it.
//! - `space.kaizen` runs the program and first approves everything that the manifest names. `space.untrusted` runs it
//!   without that approval. `space.bare` only builds a command, also without approval.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

pub use crate::edits::{bold, edit, first_plan, helping, hostile, refuse_below, shots, shy, sums};
use crate::fixture::{CONFIG, MANIFEST, PROMPT, TOOLS, tasks, traces};

/// The program under test.
pub const KAIZEN: &str = env!("CARGO_BIN_EXE_kaizen");

/// A new folder, in memory if there is room, because git and kaizen write and sync thousands of small files.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    #[cfg(target_os = "linux")]
    if rustix::fs::statvfs(memory).is_ok_and(|facts| facts.f_bavail * facts.f_frsize > 4 << 30) {
        return TempDir::new_in(memory).unwrap();
    }
    TempDir::new().unwrap()
}

/// SIGINT, or SIGTERM if the tests themselves run with SIGINT ignored, as behind a shell's `&`: then kaizen ignores it too.
pub fn interrupt() -> &'static str {
    let script = "kill -INT $$; exit 7";
    let ended = Command::new("sh").args(["-c", script]).status().unwrap();
    if ended.code() == Some(7) { "TERM" } else { "INT" }
}

/// A workspace with a separate home directory.
pub struct Space {
    // Removed with its content when the space is dropped.
    _folder: TempDir,
    /// The workspace.
    pub root: PathBuf,
    /// The user's home.
    pub home: PathBuf,
}

/// The exit code and the output of a process.
#[derive(Debug)]
pub struct Said {
    /// The exit code; `None` if a signal ended the process.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Converts the output of a process.
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Asserts this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error contains these words.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in {}", self.err);
        }
        self
    }

    /// The JSON objects of standard output.
    pub fn events(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The phases that started.
    pub fn phases(&self) -> Vec<String> {
        let events = self.events();
        let started = events.iter().filter(|event| event["event"] == "phase_started");
        started
            .map(|event| event["phase"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Space {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = folder();
        let (root, home) = (folder.path().join("work"), folder.path().join("home"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(".gitconfig"), "[user]\nname = u\nemail = u@u\n").unwrap();
        Self {
            _folder: folder,
            root,
            home,
        }
    }

    /// The tiny workspace, committed.
    pub fn new() -> Self {
        let space = Self::empty();
        space.write("config.toml", CONFIG);
        space.write("agents/assistant/system_prompt.md", PROMPT);
        space.write("agents/assistant/few_shot.json", "[]\n");
        space.write("tools/descriptions.toml", TOOLS);
        space.write("kaizen.toml", MANIFEST);
        space.write("benchmark/tasks.jsonl", &tasks());
        space.write("traces/runs.jsonl", &traces());
        space.git(&["init", "-q", "-b", "main"]);
        space.commit_all("start");
        space
    }

    /// The tiny workspace with a session after phase `plan`, and with our own plan.
    pub fn planned() -> Self {
        static FIRST: OnceLock<Space> = OnceLock::new();
        let first = FIRST.get_or_init(|| {
            let space = Self::new();
            space.kaizen(&["run", "--until", "plan"]);
            space.plan(&first_plan());
            space
        });
        first.copy()
    }

    /// The same with the plan executed: one edit applied, one rejected, one pending, one inapplicable.
    pub fn executed() -> Self {
        static FIRST: OnceLock<Space> = OnceLock::new();
        let first = FIRST.get_or_init(|| {
            let space = Self::planned();
            space.kaizen(&["run"]).exits(3);
            space
        });
        first.copy()
    }

    /// Another space with the same files.
    pub fn copy(&self) -> Self {
        let other = Self::empty();
        for entry in walkdir::WalkDir::new(&self.root).min_depth(1) {
            let entry = entry.unwrap();
            let to = other.root.join(entry.path().strip_prefix(&self.root).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
        other
    }

    /// A program, not yet started, in a clean environment. Everything that the manifest names is approved first.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let manifest = fs::read_to_string(self.root.join("kaizen.toml")).unwrap_or_default();
        let asks = [
            "\"chat\"",
            "\"command\"",
            "scorer_command",
            "[judge]",
            "[phase.",
            "[notify]",
        ];
        if program == KAIZEN && asks.iter().any(|words| manifest.contains(words)) {
            // Some tests use an invalid manifest, so this may fail.
            self.bare(KAIZEN, &["trust", "--yes"]).output().unwrap();
        }
        self.bare(program, arguments)
    }

    /// A program, not yet started, in a clean environment.
    pub fn bare(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", &self.home)
            .env("KAIZEN_TRUST_DIR", self.home.join("trust"))
            .env("KAIZEN_LOCAL_PORTS", "")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C");
        command.env("KAIZEN_NOW", "2026-03-01T10:00:00Z");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_DATE"), "2026-02-01T10:00:00Z");
            command
                .env(format!("GIT_{who}_NAME"), "u")
                .env(format!("GIT_{who}_EMAIL"), "u@u");
        }
        command
    }

    /// Runs kaizen.
    pub fn kaizen(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(KAIZEN, arguments).output().unwrap())
    }

    /// Runs kaizen without approving anything.
    pub fn untrusted(&self, arguments: &[&str]) -> Said {
        Said::of(self.bare(KAIZEN, arguments).output().unwrap())
    }

    /// Runs kaizen with an additional environment variable.
    pub fn kaizen_with(&self, name: &str, value: &str, arguments: &[&str]) -> Said {
        Said::of(self.command(KAIZEN, arguments).env(name, value).output().unwrap())
    }

    /// `kaizen run` with JSON events.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.kaizen(&[&["run", "--format", "json"], arguments].concat())
    }

    /// Runs git, which must succeed.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let said = Said::of(self.command("git", arguments).output().unwrap());
        assert_eq!(said.code, Some(0), "git {arguments:?}: {}", said.err);
        said.out
    }

    /// Commits everything as the user.
    pub fn commit_all(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces text in a file, which must contain it.
    #[track_caller]
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from:?} in {name}");
        self.write(name, &text.replace(from, to));
    }

    /// The only session's folder, relative to the workspace.
    pub fn session(&self) -> String {
        let entry = fs::read_dir(self.root.join("sessions"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        format!("sessions/{}", entry.file_name().into_string().unwrap())
    }

    /// A JSON file of the session.
    pub fn artifact(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(&format!("{}/{name}", self.session()))).unwrap()
    }

    /// Writes the plan with these edits, as a person would.
    pub fn plan(&self, edits: &[Value]) {
        let mut plan = self.artifact("plan.json");
        plan["edits"] = edits.into();
        let text = serde_json::to_string_pretty(&plan).unwrap();
        self.write(&format!("{}/plan.json", self.session()), &text);
    }

    /// Begins a session whose teacher works by files, diagnoses this trace and train task, and plans these edits.
    #[track_caller]
    pub fn diagnose_and_plan(&self, trace: &str, task: &str, edits: &[Value]) {
        self.kaizen(&["run"]).exits(3);
        let session = self.session();
        let clusters = json!([{"id": "c1", "description": "It fails.", "sample_trace_ids": [trace],
            "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "x", "task_ids": [task]}]);
        let diagnosis = format!("It fails.\n\n```json\n{clusters}\n```\n");
        self.write(&format!("{session}/diagnosis.md"), &diagnosis);
        self.kaizen(&["run"]).exits(3);
        self.write(&format!("{session}/plan.json"), &json!({"edits": edits}).to_string());
    }

    /// Replaces the plan with that of another space.
    pub fn plan_text(&self, other: &Space) {
        let name = format!("{}/plan.json", self.session());
        self.write(&name, &other.read(&name));
    }

    /// Statuses of the outcomes by the edit's label.
    pub fn statuses(&self) -> BTreeMap<String, String> {
        let one = |outcome: &Value| (text(&outcome["edit_id"]), text(&outcome["status"]));
        self.outcomes().iter().map(one).collect()
    }

    /// All outcomes.
    pub fn outcomes(&self) -> Vec<Value> {
        let folder = self.root.join(self.session()).join("outcomes");
        let read = |name: &String| self.artifact(&format!("outcomes/{name}"));
        names(&folder).iter().map(read).collect()
    }

    /// Subjects of all commits, newest first.
    pub fn subjects(&self) -> Vec<String> {
        let log = self.git(&["log", "--format=%s"]);
        log.lines().map(str::to_owned).collect()
    }

    /// Asserts the state of an undisturbed space. Compares from the end, because a different file of a session says
    /// more than the different tree that it causes.
    #[track_caller]
    pub fn ends_as(&self, end: &BTreeMap<String, String>, crash: &str) {
        let state = self.state();
        for path in end.keys().chain(state.keys()).rev() {
            assert_eq!(state.get(path), end.get(path), "{path} after a crash before {crash}");
        }
    }

    /// All state that counts: the files outside `.git` and `.kaizen`, the commits, and the status of git.
    pub fn state(&self) -> BTreeMap<String, String> {
        let own = |path: &Path| path.starts_with(".git") || path.starts_with(".kaizen");
        let mut state = BTreeMap::new();
        for entry in walkdir::WalkDir::new(&self.root).into_iter().map(Result::unwrap) {
            let path = entry.path().strip_prefix(&self.root).unwrap();
            if entry.file_type().is_file() && !own(path) {
                let bytes = fs::read(entry.path()).unwrap();
                state.insert(path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        state.insert("git log".into(), self.git(&["log", "--format=%s%n%b%n%an %T"]));
        state.insert("git status".into(), self.git(&["status", "--porcelain"]));
        let intent = self.root.join(".kaizen/intent.json").exists();
        state.insert("intent".into(), intent.to_string());
        state
    }
}

/// The names in a folder, sorted; empty if it does not exist.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| {
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
