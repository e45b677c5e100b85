//! The home of each layout, end to end: found by `init`, edited through the gate with a student that reads it as its host
//! does, and taken back.
//!
//! The homes and their edits are in `tests/layouts/`, one file for each layout. The student is `host.sh` there; it knows
//! nothing of kaizen. A plain run tries layouts that together have every format and op, and `KAIZEN_FULL=1` all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::space::{Said, Space, names};

/// A home of a layout, with one edit or more of each of its surfaces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleHome {
    /// What the host reads, as lines for `host.sh`.
    reads: Vec<String>,
    /// The texts of its files. `␍` stands for a carriage return.
    files: BTreeMap<String, String>,
    edit: Vec<SampleEdit>,
    /// Surfaces of the layout that no edit can change in this home, each with the reason.
    #[serde(default)]
    untried: BTreeMap<String, String>,
}

/// An edit that makes the agent answer one more question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleEdit {
    op: String,
    payload: Map<String, Value>,
    /// Words that the model sees only after the edit.
    knows: Option<String>,
    /// Words that it sees only before the edit.
    forgets: Option<String>,
    /// The lines of its commit.
    #[serde(default)]
    diff: String,
}

impl SampleEdit {
    /// What is edited, and how.
    fn kind(&self) -> (String, String, bool) {
        let name = self.payload["path"].as_str().unwrap().rsplit('/').next().unwrap();
        let extension = name
            .trim_start_matches('.')
            .split_once('.')
            .map_or("", |(_, extension)| extension);
        (self.op.clone(), extension.to_owned(), self.payload.contains_key("key"))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts")
}

impl SampleHome {
    fn read(layout: &str) -> Self {
        let text = std::fs::read_to_string(folder().join(format!("{layout}.toml"))).unwrap();
        let mut home: Self = toml::from_str(&text).unwrap_or_else(|error| panic!("{layout}: {error}"));
        home.files.values_mut().for_each(|text| *text = text.replace('␍', "\r"));
        home
    }

    /// The same with fewer edits in a plain run: those of a kind that no layout before it in the sample has.
    fn sample(layout: &str) -> Self {
        let mut home = Self::read(layout);
        if !is_full() {
            let before = SAMPLE.iter().take_while(|other| **other != layout);
            let edits = before.flat_map(|other| Self::read(other).edit);
            let mut kinds: BTreeSet<_> = edits.map(|edit| edit.kind()).collect();
            home.edit.retain(|edit| kinds.insert(edit.kind()));
        }
        home
    }

    /// The edits of a plan, with labels `e0`, `e1` and so on.
    fn edits(&self) -> Vec<Value> {
        let one = |(at, edit): (usize, &SampleEdit)| {
            json!({"id": format!("e{at}"), "pillar": "agent", "op": edit.op, "payload": edit.payload,
                "rationale": "It helps.", "expected_improvement": "c1"})
        };
        self.edit.iter().enumerate().map(one).collect()
    }

    /// One gate task for each edit, which only the agent with this edit solves, and a train task.
    fn tasks(&self) -> String {
        let of = |(at, edit): (usize, &SampleEdit)| {
            let (words, answer) = match (&edit.knows, &edit.forgets) {
                (Some(words), None) => (words, "yes"),
                (None, Some(words)) => (words, "no"),
                _ => panic!("{}: an edit has `knows` or `forgets`", edit.op),
            };
            json!({"task_id": format!("g{at}"), "query": words, "reference_answer": answer, "category": "words",
                "scorer": "exact", "split": "gate"})
        };
        let train = json!({"task_id": "t", "query": "nowhere", "reference_answer": "yes", "category": "words",
            "scorer": "exact", "split": "train"});
        let tasks = self.edit.iter().enumerate().map(of).chain([train]);
        tasks.map(|task| format!("{task}\n")).collect()
    }
}

/// A workspace with a home.
struct HomeSpace {
    layout: &'static str,
    home: SampleHome,
    space: Space,
}

impl HomeSpace {
    /// Writes the home and runs `init`, which must find this layout and the order in which its host reads the files.
    fn of(layout: &'static str) -> Self {
        let home = SampleHome::sample(layout);
        let space = Space::empty();
        home.files.iter().for_each(|(path, text)| space.write(path, text));
        let reads: String = home.reads.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(space.home.join("reads"), reads).unwrap();
        let this = Self { layout, home, space };
        let said = this.space.kaizen(&["init", "--format", "json"]).exits(0);
        let found = said
            .events()
            .into_iter()
            .find(|line| line["check"] == "harness")
            .unwrap();
        assert_eq!(found["layouts"], json!([layout]), "{found}");
        let host = Said::of(this.space.command("sh", &this.host("order")).output().unwrap()).exits(0);
        let host: Vec<&str> = host.out.lines().collect();
        let init = found["read_at_start"][layout].as_array().unwrap().clone();
        let init: Vec<&str> = init.iter().map(|path| path.as_str().unwrap()).collect();
        let both: Vec<&str> = init.iter().copied().filter(|path| host.contains(path)).collect();
        assert_eq!(
            both, host,
            "{layout}: in which order are the files read? init: {init:?}"
        );
        this
    }

    /// The arguments of `sh` for the student.
    fn host<'q>(&self, question: &'q str) -> [&'q str; 3] {
        let script = folder().join("host.sh").to_str().unwrap().to_owned();
        let reads = self.space.home.join("reads").to_str().unwrap().to_owned();
        [script.leak(), reads.leak(), question]
    }

    /// Adds a student, a teacher with prepared answers, and the tasks.
    fn prepare(&self) {
        let space = &self.space;
        let teach = folder().join("teach.sh");
        for (section, settings) in [
            (
                "[student]",
                format!(
                    "engine = \"command\"\nrun = {:?}",
                    [&["sh"], &self.host("{query}")[..]].concat()
                ),
            ),
            ("[student.sandbox]", "git = false".to_owned()),
            (
                "[teacher]",
                format!("engine = \"command\"\nrun = [\"sh\", {teach:?}, {:?}]", space.home),
            ),
            ("[session]", "autonomy = \"auto\"\nmin_traces = 1".to_owned()),
            ("[gate]", "mode = \"rule\"\nrule = \"overall\"\nscreen = 0".to_owned()),
            ("[ledger]", "author = \"t <t@t>\"".to_owned()),
        ] {
            let manifest = space.read("kaizen.toml");
            space.write(
                "kaizen.toml",
                &manifest.replace(&format!("\n{section}\n"), &format!("\n{section}\n{settings}\n")),
            );
        }
        let clusters = json!([{"id": "c1", "description": "It fails.", "sample_trace_ids": ["r"],
            "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "x", "task_ids": ["t"]}]);
        for (phase, text) in [
            ("diagnose", format!("It fails.\n\n```json\n{clusters}\n```\n")),
            ("plan", json!({"edits": self.home.edits()}).to_string()),
        ] {
            std::fs::write(space.home.join(phase), text).unwrap();
        }
        space.write("benchmark/t.jsonl", &self.home.tasks());
        let trace = json!({"trace_id": "r", "query": "other", "result": "x", "outcome": "failure"});
        space.write("traces/t.jsonl", &format!("{trace}\n"));
        space.commit_all("tasks");
    }

    /// Runs a session, which must apply every edit, and compares its commits with the expected diffs.
    fn edit(&self) {
        let said = self.space.kaizen(&["run"]);
        let outcomes: BTreeMap<String, Value> = self
            .space
            .outcomes()
            .into_iter()
            .map(|outcome| (outcome["edit_id"].as_str().unwrap().to_owned(), outcome))
            .collect();
        for (at, edit) in self.home.edit.iter().enumerate() {
            let outcome = &outcomes[&format!("e{at}")];
            let payload = Value::from(edit.payload.clone());
            assert_eq!(
                outcome["status"], "applied",
                "{}: {payload}: {outcome}\n{}",
                self.layout, said.err
            );
        }
        let wrong: Vec<String> = self
            .commits()
            .iter()
            .zip(&self.home.edit)
            .filter_map(|(commit, edit)| {
                let diff = self.diff(commit);
                let shown = format!("{} {}\n{diff}", edit.op, Value::from(edit.payload.clone()));
                (diff.trim_end() != edit.diff.trim_matches('\n').trim_end()).then_some(shown)
            })
            .collect();
        assert!(wrong.is_empty(), "{}: {}", self.layout, wrong.join("\n"));
    }

    /// The commits of the edits, in order.
    fn commits(&self) -> Vec<String> {
        let log = self.space.git(&[
            "log",
            "--reverse",
            "--format=%H %(trailers:key=Edit-ID,valueonly,separator=)",
        ]);
        let commits: BTreeMap<&str, &str> = log
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(commit, id)| (id, commit))
            .collect();
        (0..self.home.edit.len())
            .map(|at| commits[format!("e{at}").as_str()].to_owned())
            .collect()
    }

    /// The changed lines of a commit, with their places.
    fn diff(&self, commit: &str) -> String {
        let shown = self.space.git(&["show", "--format=", "-U0", "--no-renames", commit]);
        let line = |line: &str| match line.strip_prefix("@@ ").and_then(|rest| rest.split_once(" @@")) {
            Some((place, _)) => format!("@@ {place} @@\n"),
            None if line.starts_with("diff --git ") || line.starts_with("index ") => String::new(),
            None => format!("{}\n", line.replace('\r', "␍")),
        };
        shown.split_terminator('\n').map(line).collect()
    }

    /// Reverts the newest edits and then the others, which must restore the bytes of all files.
    fn revert(&self) {
        let commits = self.commits();
        // Each revert costs a session; one of the whole session takes back the rest.
        let one_by_one = if is_full() { 3 } else { 0 };
        for (at, commit) in commits.iter().enumerate().rev().take(one_by_one) {
            self.space.kaizen(&["revert", &format!("e{at}")]).exits(0);
            let before = format!("{commit}^");
            let places = [".", ":!sessions", ":!benchmark"];
            let rest = self
                .space
                .git(&[&["diff", "--stat", &before, "HEAD", "--"][..], &places].concat());
            assert_eq!(rest, "", "{}: e{at} was not taken back", self.layout);
        }
        if one_by_one < commits.len() {
            let session = self.space.session();
            self.space
                .kaizen(&["revert", session.trim_start_matches("sessions/")])
                .exits(0);
        }
        assert_eq!(empty_folders(&self.space.root), [] as [String; 0], "{}", self.layout);
        let committed = self.space.git(&["ls-files"]);
        let is_ours = |path: &&str| {
            let folders = ["sessions/", "benchmark/", "traces/"];
            ["kaizen.toml", ".gitignore"].contains(path) || folders.iter().any(|folder| path.starts_with(folder))
        };
        let files = committed.lines().filter(|path| !is_ours(path));
        let files: BTreeMap<String, String> = files.map(|path| (path.to_owned(), self.space.read(path))).collect();
        assert_eq!(files, self.home.files, "{}", self.layout);
    }

    /// The surfaces of the layout that no edit changed.
    fn untouched(&self) -> BTreeSet<String> {
        let manifest: toml::Table = self.space.read("kaizen.toml").parse().unwrap();
        let surfaces = manifest["harness"]["surface"].as_array().unwrap();
        let paths = self.home.edit.iter().map(|edit| edit.payload["path"].as_str().unwrap());
        let touched: Vec<String> = paths.map(|path| surface_of(path, surfaces)).collect();
        let layouts = self.space.kaizen(&["layouts", "--format", "json"]).events();
        let layout = layouts.into_iter().find(|row| row["layout"] == self.layout).unwrap();
        let all = layout["surfaces"].as_array().unwrap().iter();
        let all: Vec<&str> = all.map(|surface| surface["name"].as_str().unwrap()).collect();
        // The manifest may put a folder before the name in the layout, or the name of a file after it.
        let own = |name: &String| name.split('/').rfind(|part| all.contains(part)).map(str::to_owned);
        let touched: BTreeSet<String> = touched.iter().filter_map(own).collect();
        // A skill in small letters is edited like the others, and the data of skills of one layout like those of the others.
        all.into_iter()
            .map(str::to_owned)
            .filter(|name| !touched.contains(name) && !name.starts_with("small_") && !name.contains("s_of_"))
            .collect()
    }
}

/// The folders of the agent that hold nothing.
fn empty_folders(root: &Path) -> Vec<String> {
    let is_ours = |name: &str| [".git", ".kaizen", "sessions", "traces"].contains(&name);
    let walk = walkdir::WalkDir::new(root).min_depth(1).into_iter();
    let walk = walk.filter_entry(|entry| !is_ours(entry.file_name().to_str().unwrap()));
    let folders = walk.map(Result::unwrap).filter(|entry| entry.file_type().is_dir());
    let empty = folders.filter(|folder| std::fs::read_dir(folder.path()).unwrap().next().is_none());
    empty.map(|folder| folder.path().display().to_string()).collect()
}

/// The name of the surface of a file in the manifest.
fn surface_of(path: &str, surfaces: &[toml::Value]) -> String {
    let matches = |surface: &&toml::Value| {
        let mut glob = String::new();
        for piece in surface["path"].as_str().unwrap().split_inclusive('}') {
            let (fixed, name) = piece.split_once('{').map_or((piece, ""), |(fixed, _)| (fixed, "*"));
            glob += &format!("{fixed}{name}");
        }
        let glob = globset::GlobBuilder::new(&glob)
            .literal_separator(true)
            .build()
            .unwrap();
        glob.compile_matcher().is_match(path)
    };
    let surface = surfaces
        .iter()
        .find(matches)
        .unwrap_or_else(|| panic!("{path} has no surface"));
    surface["name"].as_str().unwrap().to_owned()
}

fn is_full() -> bool {
    std::env::var_os("KAIZEN_FULL").is_some()
}

/// A home through its whole life.
fn round(layout: &'static str) {
    let home = HomeSpace::of(layout);
    home.prepare();
    home.edit();
    home.revert();
    if is_full() {
        let untried = home.home.untried.keys().cloned().collect();
        assert_eq!(
            home.untouched(),
            untried,
            "{layout}: no edit here changes these surfaces"
        );
    }
}

/// The layouts of a plain run.
const SAMPLE: [&str; 9] = [
    "claude_code",
    "codex",
    "continue",
    "opencode",
    "dspy",
    "openjarvis",
    "promptfoo",
    "roo",
    "langgraph",
];

/// A test for each layout.
macro_rules! layouts {
    ($($test:ident $layout:literal;)*) => {
        const ALL: &[&str] = &[$($layout),*];
        $(#[test]
        fn $test() {
            if is_full() || SAMPLE.contains(&$layout) {
                round($layout);
            }
        })*
    };
}

layouts! {
    agents_md "agents_md";
    aider "aider";
    amazon_q "amazon_q";
    antigravity "antigravity";
    augment "augment";
    claude_code "claude_code";
    claude_plugin "claude_plugin";
    cline "cline";
    codex "codex";
    continue_ "continue";
    copilot "copilot";
    crewai "crewai";
    cursor "cursor";
    dspy "dspy";
    factory "factory";
    gemini "gemini";
    goose "goose";
    junie "junie";
    kilo "kilo";
    kiro "kiro";
    langgraph "langgraph";
    mini_swe_agent "mini_swe_agent";
    opencode "opencode";
    openjarvis "openjarvis";
    promptfoo "promptfoo";
    qwen "qwen";
    roo "roo";
    skills "skills";
    windsurf "windsurf";
}

#[test]
fn every_layout_has_a_home_here() {
    let space = Space::empty();
    let layouts = space.kaizen(&["layouts", "--format", "json"]).events();
    let layouts: BTreeSet<&str> = layouts.iter().map(|row| row["layout"].as_str().unwrap()).collect();
    assert_eq!(ALL.iter().copied().collect::<BTreeSet<_>>(), layouts);
    let files = names(&folder());
    let files: BTreeSet<&str> = files.iter().filter_map(|name| name.strip_suffix(".toml")).collect();
    assert_eq!(files, layouts);
}
