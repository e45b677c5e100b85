//! A workspace with any number of finished sessions, each with a kept and a rejected edit and its own commits. One session
//! really runs; the others are copies of it whose ids, values, digests and commits are their own, so that `verify` finds
//! nothing.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use kaizen::artifact::{Edit, FailureCluster};
use kaizen::internals::starter;
use kaizen::{Briefing, Digest, Harness, RunOptions, Teacher, TeacherDiagnosis, TeacherFailure, TeacherPlan};
use kaizen::{Workspace, advance};
use serde_json::{Value, json};

use crate::engines::{Fixed, Instantly};
use crate::fixture::make_workspace;
use crate::measure::Outcome;

/// First argument of a process that only creates such a workspace, before its folder and the number of sessions.
pub const GENERATE: &str = "generate";
/// The value that the kept edit of the session to copy sets; it stands nowhere else.
const VALUE: usize = 7_000_001;
/// The file with the parameter that each session changes.
const CONFIG: &str = "config.toml";
/// The log of uses of the gate split.
const USES: &str = "benchmark/consultations.jsonl";

/// Proposes two parameters, of which the first helps [`Instantly`].
struct OneGain(&'static str, usize);

impl Teacher for OneGain {
    fn identity(&self) -> Value {
        json!({"engine": "one-gain"})
    }

    fn diagnose(&self, briefing: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure> {
        Fixed(1).diagnose(briefing)
    }

    fn plan(&self, _: &Briefing, _: &str, _: &[FailureCluster]) -> Result<TeacherPlan, TeacherFailure> {
        let edits = [(self.0, self.1), ("other", 1)].map(|(name, value)| edit(name, value));
        let edits = edits.into_iter().collect::<Result<_, _>>();
        Ok(TeacherPlan {
            edits: edits.map_err(|error: serde_json::Error| error.to_string())?,
            ..TeacherPlan::default()
        })
    }
}

fn edit(name: &str, value: usize) -> serde_json::Result<Edit> {
    serde_json::from_value(json!({
        "id": format!("set-{name}"), "pillar": "agent", "op": "set_agent_param", "target": format!("agents.intent.{name}"),
        "rationale": "It gains.", "expected_improvement": "c1", "risk_tier": "auto",
        "payload": {"agent": "intent", "param": name, "value": value}
    }))
}

/// Creates a workspace with finished sessions, the newest of which ran there.
pub fn finished(root: &Path, count: usize) -> Outcome<()> {
    let template = Template::new()?;
    make_workspace(root)?;
    let head = said(root, &["rev-parse", "HEAD"])?;
    let mut import = Import::begin(root, &head)?;
    let mut last = Copied {
        head,
        config: fs::read_to_string(root.join(CONFIG))?,
        uses: String::new(),
    };
    for number in 1..count {
        last = template.copy(&mut import, number, last)?;
    }
    import.commit("record the uses of the gate split", &[(USES.to_owned(), last.uses)])?;
    import.end()?;
    crate::fixture::git(root, &["reset", "--quiet", "--hard"])?;
    ran(root, "p1", 1)?;
    Ok(())
}

/// Runs a session; returns its name.
fn ran(root: &Path, name: &'static str, value: usize) -> Outcome<String> {
    let workspace = Workspace::open(root)?
        .with_student(Box::new(Instantly { learns: 40 }))
        .with_teacher(Box::new(OneGain(name, value)));
    let new = RunOptions {
        new: true,
        ..RunOptions::default()
    };
    Ok(advance(&workspace, &new, &|_| {})?.session.id)
}

/// Where the copies so far end.
struct Copied {
    head: String,
    config: String,
    uses: String,
}

/// The session that is copied, and what in it belongs to it alone.
struct Template {
    id: String,
    edit: String,
    before: String,
    after: String,
    base: String,
    commit: String,
    files: BTreeMap<String, String>,
    /// The messages of the commits with the edit and with the record.
    messages: [String; 2],
    harness: Harness,
    config: String,
    uses: String,
}

impl Template {
    fn new() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let root = folder.path();
        make_workspace(root)?;
        let id = ran(root, "p0", VALUE)?;
        let session = root.join("sessions").join(&id);
        let mut files = BTreeMap::new();
        for entry in walkdir::WalkDir::new(&session) {
            let entry = entry?;
            if entry.file_type().is_file() {
                let name = entry.path().strip_prefix(&session)?.to_string_lossy().into_owned();
                files.insert(name, fs::read_to_string(entry.path())?);
            }
        }
        let baseline: Value = serde_json::from_str(&files["baseline.json"])?;
        let record: Value = serde_json::from_str(&files["session.json"])?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("an incomplete session");
        let commit = text(&record["git_checkpoint_post"])?;
        Ok(Self {
            edit: edit("p0", VALUE)?.digest().to_string(),
            before: text(&baseline["harness"])?,
            after: text(&record["harness_after"])?,
            base: text(&baseline["harness_commit"])?,
            messages: [&commit, "HEAD"]
                .map(|commit| said(root, &["log", "-1", "--format=%B", commit]).unwrap_or_default()),
            harness: starter(&["yes".into(), "no".into()], "intent"),
            config: fs::read_to_string(root.join(CONFIG))?,
            uses: fs::read_to_string(root.join(USES))?,
            commit,
            files,
            id,
        })
    }

    /// Commits a copy of the session.
    fn copy(&self, import: &mut Import, number: usize, last: Copied) -> Outcome<Copied> {
        let value = VALUE + number;
        let config = self.config.replace(&VALUE.to_string(), &value.to_string());
        let harness = |config: &str| self.harness.clone().with(CONFIG, config).digest();
        let own = [
            (&self.id, format!("session-20200101T000000_{number:08x}")),
            (&self.edit, edit("p0", value)?.digest().to_string()),
            (&VALUE.to_string(), value.to_string()),
            (&self.before, harness(&last.config).to_string()),
            (&self.after, harness(&config).to_string()),
            (&self.base, last.head.clone()),
        ];
        let renamed = |text: &str| {
            own.iter()
                .fold(text.to_owned(), |text, (was, is)| text.replace(was.as_str(), is))
        };
        let applied = import.commit(&renamed(&self.messages[0]), &[(CONFIG.to_owned(), config.clone())])?;
        let renamed = |text: &str| renamed(text).replace(&self.commit, &applied);
        let mut files: BTreeMap<String, String> = self
            .files
            .iter()
            .map(|(name, text)| (renamed(name), renamed(text)))
            .collect();
        settle_checkpoints(&mut files)?;
        let uses = last.uses + &renamed(&self.uses);
        let folder = renamed(&format!("sessions/{}", self.id));
        let all: Vec<(String, String)> = files
            .into_iter()
            .map(|(name, text)| (format!("{folder}/{name}"), text))
            .collect();
        let head = import.commit(&renamed(&self.messages[1]), &all)?;
        Ok(Copied { head, config, uses })
    }
}

/// Makes the checkpoints name the digests of the files.
fn settle_checkpoints(files: &mut BTreeMap<String, String>) -> Outcome<()> {
    let known = files.clone();
    let digest = |name: &str| {
        let parts = known
            .iter()
            .filter_map(|(path, text)| Some((path.strip_prefix(name)?, text.as_bytes())));
        match name.ends_with('/') {
            true => Some(Digest::of_parts(parts)),
            false => known.get(name).map(|text| Digest::of_bytes(text.as_bytes())),
        }
    };
    for (_, text) in files.iter_mut().filter(|(name, _)| name.starts_with("checkpoints/")) {
        let mut checkpoint: Value = serde_json::from_str(text)?;
        for side in ["reads", "writes"] {
            let Some(named) = checkpoint[side].as_object_mut() else {
                continue;
            };
            for (name, value) in named.iter_mut().filter(|(name, _)| *name != "pending_review/") {
                *value = digest(name).map_or(value.clone(), |digest| json!(digest));
            }
        }
        *text = format!("{checkpoint:#}\n");
    }
    Ok(())
}

/// A running `git fast-import`.
struct Import {
    child: Child,
    input: ChildStdin,
    answers: BufReader<ChildStdout>,
    branch: String,
    marks: usize,
}

impl Import {
    fn begin(root: &Path, head: &str) -> Outcome<Self> {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(["fast-import", "--quiet", "--date-format=raw", "--force"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().ok_or("no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let branch = said(root, &["symbolic-ref", "HEAD"])?;
        write!(input, "reset {branch}\nfrom {head}\n\n")?;
        Ok(Self {
            child,
            input,
            answers,
            branch,
            marks: 0,
        })
    }

    /// Commits files; returns the id.
    fn commit(&mut self, message: &str, files: &[(String, String)]) -> Outcome<String> {
        self.marks += 1;
        let (mark, time) = (self.marks, 1_577_836_800 + self.marks);
        let branch = &self.branch;
        let message = format!("{}\n", message.trim_end());
        write!(
            self.input,
            "commit {branch}\nmark :{mark}\ncommitter bench <bench@example.org> {time} +0000\ndata {}\n{message}\n",
            message.len()
        )?;
        for (path, text) in files {
            write!(self.input, "M 100644 inline {path}\ndata {}\n{text}\n", text.len())?;
        }
        write!(self.input, "\nget-mark :{mark}\n")?;
        self.input.flush()?;
        let mut id = String::new();
        self.answers.read_line(&mut id)?;
        Ok(id.trim().to_owned())
    }

    fn end(mut self) -> Outcome<()> {
        writeln!(self.input, "done")?;
        drop(self.input);
        let status = self.child.wait()?;
        status
            .success()
            .then_some(())
            .ok_or_else(|| format!("git fast-import: {status}").into())
    }
}

/// What git prints.
fn said(root: &Path, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?.trim().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}
