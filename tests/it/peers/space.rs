//! A workspace whose student and teacher are servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::script::{LETTERS, query};

/// A key that must never be written down.
pub const KEY: &str = "key-0123456789-never-written-down";

/// A workspace in a temporary directory.
pub struct Space(tempfile::TempDir, tempfile::TempDir);

impl Space {
    /// A workspace with sixteen questions, three traces, and these sections in its manifest.
    pub fn new(sections: &str) -> Self {
        let space = Self(tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let manifest = format!(
            "version = 1\n[session]\nmin_traces = 1\nautonomy = \"auto\"\nmax_cost_usd = 5.0\n[network]\nmax_wait_seconds = 5\n{sections}"
        );
        space.write("kaizen.toml", &manifest);
        space.write(
            "config.toml",
            "[agent]\ndefault_agent = \"letters\"\n\n[agent.letters]\nclass = \"simple\"\n",
        );
        space.write("agents/letters/system_prompt.md", "You name letters, in one word.\n");
        space.write("benchmark/tasks.jsonl", &tasks());
        space.write("traces/runs.jsonl", &traces());
        for arguments in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "The agent"]] {
            let git = Command::new("git")
                .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
                .args(arguments)
                .current_dir(space.root())
                .status();
            assert!(git.unwrap().success());
        }
        space
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs kaizen with the keys in its environment.
    pub fn kaizen(&self, arguments: &[&str]) -> Output {
        self.run(&["trust", "--yes"]);
        let output = self.run(arguments);
        if arguments[0] != "egress" {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            println!("{}{}", text(&output.stdout), text(&output.stderr));
        }
        output
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kaizen"))
            .args(arguments)
            .current_dir(self.root())
            .env("KAIZEN_TRUST_DIR", self.1.path())
            .env("OPENAI_API_KEY", KEY)
            .env("ANTHROPIC_API_KEY", KEY)
            .env("GIT_AUTHOR_NAME", "A")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "A")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .output()
            .unwrap()
    }

    /// The folder of the only session.
    pub fn session(&self) -> PathBuf {
        let mut folders = fs::read_dir(self.root().join("sessions")).unwrap();
        folders.next().unwrap().unwrap().path()
    }

    /// A JSON file of the session.
    pub fn json(&self, name: &str) -> Value {
        let path = self.session().join(name);
        serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            .unwrap()
    }

    /// Lines of a file of the session.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.session().join(name)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Asserts that no file of the workspace contains the key, including those of git.
    pub fn holds_no_key(&self) {
        for entry in walkdir::WalkDir::new(self.root()).into_iter().filter_map(Result::ok) {
            if entry.file_type().is_file() {
                let bytes = fs::read(entry.path()).unwrap();
                let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
                assert!(!found, "the key is in {}", entry.path().display());
            }
        }
    }
}

fn tasks() -> String {
    let row = |(at, (place, name)): (usize, &(&str, &str))| {
        let split = ["train", "gate"][at % 2];
        let task = json!({"task_id": format!("{split}-{at}"), "query": query(place), "reference_answer": name,
            "category": "greek", "scorer": "exact", "split": split});
        format!("{task}\n")
    };
    LETTERS.iter().enumerate().map(row).collect()
}

fn traces() -> String {
    let row = |at: usize| {
        let trace = json!({"trace_id": format!("trace-{at}"), "query": format!("Which letter is number {at}? Write to ada@example.org."),
            "agent": "letters", "outcome": "failure", "result": "I do not know.", "started_at": 1_760_000_000 + at});
        format!("{trace}\n")
    };
    (0..3).map(row).collect()
}
