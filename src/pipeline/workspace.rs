//! A workspace: the manifest, the engines and the ledger that one process works with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::artifact::consultation;
use crate::artifact::task::{Scorer, Task};
use crate::calls::{self, Calls};
use crate::clock::Clock;
use crate::disk;
use crate::engine::judge;
use crate::engine::memo::DiskMemo;
use crate::engine::trace_store;
use crate::evaluate::Evaluator;
use crate::external;
use crate::harness::Harness;
use crate::ledger::{Git, Policy};
use crate::manifest::{self, Manifest, StudentEngine};
use crate::op;
use crate::port::{Forgetful, Memo, Model, Student, Teacher, TraceSource};
use crate::redact::Redactor;
use crate::score;

use super::RunError;
use super::breaker::Breaker;
use super::definition::Engines;
use super::engines;
use super::epoch;
use super::past::Past;

pub use crate::disk::OWN_FOLDER;

/// What is missing where a task wants a judge, and the remedy.
pub const NO_JUDGE: &str =
    "there is no judge: add [judge] model = \"name\" to kaizen.toml, or a teacher with engine = \"chat\"";

/// What a scorer program may take for one answer.
const SCORER_TIMEOUT: Duration = Duration::from_secs(300);

/// An open workspace.
pub struct Workspace {
    /// The directory with `kaizen.toml`.
    pub root: PathBuf,
    /// What it says.
    pub manifest: Manifest,
    /// The time.
    pub clock: Clock,
    /// git.
    pub ledger: Git,
    /// The agent under improvement.
    pub student: Box<dyn Student>,
    /// Whatever proposes edits.
    pub teacher: Box<dyn Teacher>,
    /// What takes secrets out of texts here.
    pub redactor: Redactor,
    /// The language model behind scorer `judge`, when there is one.
    pub judge: Option<Box<dyn Model>>,
    /// What git said of commits.
    pub past: Past,
    /// What ran on which inputs.
    pub breaker: Breaker,
    /// What works here, for the message to others: `kaizen run`.
    pub holder: &'static str,
    /// How long a run waits for another to end.
    pub patience: Duration,
    /// The way to language models.
    pub calls: Arc<Calls>,
    halted: Box<dyn Fn() -> Option<String> + Send + Sync>,
    globs: globset::GlobSet,
    evidence: globset::GlobSet,
}

impl Workspace {
    /// Opens the workspace at `root`.
    ///
    /// # Errors
    /// No or a bad manifest, or no git repository.
    pub fn open(root: &Path) -> Result<Self, RunError> {
        let manifest = read_manifest(root)?;
        let clock = Clock::from_environment();
        let ledger = Git::open(root, policy(&manifest, &clock))?;
        let redactor = Redactor::new(&manifest.privacy.redact).map_err(|error| RunError::Unknown(error.to_string()))?;
        let redactor = redactor.keeping(&manifest.privacy.keep);
        let calls = Calls::new(
            &manifest,
            redactor.clone(),
            &root.join(OWN_FOLDER).join(calls::STORE),
            clock,
        );
        let halted = Arc::clone(&calls);
        let globs = manifest::globs(&manifest.harness.files).map_err(RunError::Unknown)?;
        let evidence = manifest.traces.files.iter().chain(&manifest.benchmark.files);
        let evidence = manifest::globs(evidence).map_err(RunError::Unknown)?;
        Ok(Self {
            root: root.to_owned(),
            redactor,
            clock,
            ledger,
            student: engines::student(&manifest, root, &calls),
            teacher: engines::teacher(&manifest, root, &calls),
            judge: engines::judge(&manifest, &calls),
            halted: Box::new(move || halted.halted()),
            calls,
            past: Past::default(),
            breaker: Breaker::default(),
            holder: "kaizen run",
            patience: Duration::from_secs(2),
            globs,
            evidence,
            manifest,
        })
    }

    /// The identities of the engines.
    pub fn engines(&self) -> Engines {
        Engines {
            student: self.student.identity(),
            teacher: self.teacher.identity(),
            judge: self.judge.as_deref().map(judge::identity),
        }
    }

    /// Whether a path belongs to the harness.
    pub fn selects(&self, path: &str) -> bool {
        path != consultation::FILE && self.globs.is_match(path)
    }

    /// Whether a path holds traces or tasks.
    pub fn is_evidence(&self, path: &str) -> bool {
        path != consultation::FILE && self.evidence.is_match(path)
    }

    /// The harness as it is on disk.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn harness(&self) -> Result<Harness, RunError> {
        let own = |path: &str| {
            let first = path.split('/').next().unwrap_or_default();
            matches!(first, "sessions" | "schemas" | "target" | "node_modules")
                || path == consultation::FILE
                || (first.starts_with('.') && first.len() > 1)
        };
        Ok(disk::read_harness(&self.root, &self.globs, &own)?)
    }

    /// A line for each path in the harness's places that is not part of it, and why: the user may think that it is.
    pub fn left_out(&self, harness: &Harness) -> Vec<String> {
        let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
        let places: Vec<String> = self.manifest.harness.files.iter().map(|glob| first(glob)).collect();
        let line = |(path, reason): (&str, &str)| {
            let is_near = self.selects(path) || places.contains(&first(path));
            is_near.then(|| format!("{path} is left out of the harness: {reason}; put a plain file in its place"))
        };
        harness.all_forbidden().filter_map(line).collect()
    }

    /// Where ops land, and what they may touch.
    pub fn rules(&self) -> op::Rules {
        op::Rules {
            layout: self.manifest.harness.layout.clone(),
            editable: self.manifest.harness.files.clone(),
        }
    }

    /// The trace store.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn traces(&self) -> Result<Box<dyn TraceSource>, RunError> {
        Ok(trace_store::open(
            &self.root,
            &self.manifest.traces.files,
            &self.own("cache"),
        )?)
    }

    /// A path in kaizen's own folder, which hides itself from git.
    pub fn own(&self, name: &str) -> PathBuf {
        let folder = self.root.join(OWN_FOLDER);
        if !folder.join(".gitignore").exists() {
            // Without it, git would show the cache; nothing else depends on it.
            let _ = disk::publish(&folder.join(".gitignore"), b"*\n");
        }
        folder.join(name)
    }

    /// The memo; when it cannot be opened, nothing is remembered.
    pub fn memo(&self) -> Box<dyn Memo> {
        match DiskMemo::open(&self.own("cache/memo.db")) {
            Ok(memo) => Box::new(memo),
            Err(error) => {
                tracing::warn!(%error, "the memo cannot be opened; attempts will be made again");
                Box::new(Forgetful)
            }
        }
    }

    /// How attempts are made.
    pub fn evaluator<'a>(
        &'a self,
        memo: &'a dyn Memo,
        score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
        progress: &'a (dyn Fn(usize, usize) + Sync),
    ) -> Evaluator<'a> {
        let section = &self.manifest.student;
        Evaluator {
            student: self.student.as_ref(),
            memo,
            score,
            seed: self.manifest.benchmark.seed,
            epoch: epoch::newest(&self.root, &self.student.identity()),
            concurrency: concurrency(section.engine, section.concurrency),
            progress,
            halted: &self.halted,
        }
    }

    /// Compares two outputs by the judge: the student's score, the teacher's, and why.
    ///
    /// # Errors
    /// There is no judge, or it says nothing that can be read.
    pub fn compare(&self, student: &str, teacher: &str, query: &str) -> Result<(f64, f64, String), String> {
        let compare = engines::comparing(&self.manifest, &self.calls);
        compare.ok_or("there is no judge; say one in [judge]")?(student, teacher, query)
    }

    /// Scores an answer; scorer `command` asks the program of the manifest, scorer `judge` a language model.
    ///
    /// # Errors
    /// The program or the judge failed, or there is none.
    pub fn score(&self, task: &Task, answer: &str) -> Result<f64, String> {
        match task.scorer {
            Scorer::Command => external::score(&self.scorer(&self.manifest.withheld(&[])), task, answer),
            Scorer::Judge => match &self.judge {
                Some(model) => judge::score(model.as_ref(), task, answer),
                None => Err(format!("task {} has scorer `judge`, and {NO_JUDGE}", task.task_id)),
            },
            _ => score::score(task, answer).map_err(|error| error.to_string()),
        }
    }
}

impl Workspace {
    fn scorer<'a>(&'a self, withheld: &'a [String]) -> external::Program<'a> {
        external::Program {
            run: &self.manifest.benchmark.scorer_command,
            folder: &self.root,
            withheld,
            variables: Vec::new(),
            timeout: Some(SCORER_TIMEOUT),
        }
    }
}

/// Attempts at once: as many as asked for, else what keeps the machine or a server busy.
fn concurrency(engine: StudentEngine, asked: usize) -> usize {
    match (asked, engine) {
        (0, StudentEngine::Nearest) => std::thread::available_parallelism().map_or(1, usize::from),
        (0, StudentEngine::Chat | StudentEngine::Command) => 8,
        (asked, _) => asked,
    }
}

/// Reads the manifest of a workspace.
///
/// # Errors
/// There is none, or it is not usable.
pub fn read_manifest(root: &Path) -> Result<Manifest, RunError> {
    let path = root.join(manifest::FILE);
    let text = disk::read_text(&path)?
        .ok_or_else(|| RunError::Unknown(format!("no {} here or above; `kaizen init` makes one", manifest::FILE)))?;
    Ok(Manifest::parse(&path, &text)?)
}

/// The nearest folder, from `start` upwards, that holds a manifest.
pub fn find(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|folder| folder.join(manifest::FILE).is_file())
        .map(Path::to_owned)
}

fn policy(manifest: &Manifest, clock: &Clock) -> Policy {
    Policy {
        hooks: manifest.ledger.hooks,
        sign: manifest.ledger.sign,
        author: manifest.ledger.author.as_deref().and_then(name_and_address),
        lock_wait: Duration::from_secs(manifest.ledger.lock_wait_seconds),
        date: clock.commit_date(),
        withheld: manifest.withheld(&[]),
        ..Policy::default()
    }
}

fn name_and_address(author: &str) -> Option<(String, String)> {
    let (name, address) = author.split_once('<')?;
    Some((
        name.trim().to_owned(),
        address.trim_end().trim_end_matches('>').to_owned(),
    ))
}
