//! A workspace: the manifest, the engines and the ledger that one process works with.

mod attempts;
pub(crate) mod breaker;
pub(crate) mod cache_epoch;
pub(crate) mod consent;
pub(crate) mod demo;
pub(crate) mod earlier_record;
pub(crate) mod engines;
pub(crate) mod error;
pub(crate) mod error_budget;
pub(crate) mod event;
pub(crate) mod event_log;
mod evidence;
pub(crate) mod holdout_log;
pub(crate) mod inbox;
pub(crate) mod index_memory;
pub(crate) mod inputs;
pub(crate) mod intake;
pub(crate) mod ledger_memory;
mod ledger_policy;
pub(crate) mod load;
mod members;
pub(crate) mod notice_board;
pub(crate) mod pause;
pub(crate) mod progress;
pub(crate) mod questions;
pub(crate) mod records;
#[cfg(test)]
mod replay_tests;
pub(crate) mod running;
pub(crate) mod saved_records;
pub(crate) mod schema_line;
pub(crate) mod seal_book;
pub(crate) mod session;
pub(crate) mod session_branch;
mod sessions;
pub(crate) mod transaction;
pub(crate) mod verified_book;
mod wear_memory;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::artifact::task::{Scorer, Task};
use crate::eval::judge::ask;
use crate::eval::memo::Memo;
use crate::eval::run::{AttemptGauge, Evaluator};
use crate::eval::score;
use crate::eval::score::ScoreEngines;
use crate::eval::student::Student;
use crate::harness::op;
use crate::ledger::Git;
use crate::ledger::cache::LedgerCache;
use crate::llm::client::LlmClient;
use crate::llm::model::Model;
use crate::llm::redact::Redactor;
use crate::manifest::membership::{EvidencePatterns, Membership};
use crate::manifest::{self, Manifest, StudentEngine};
use crate::sys::clock::Clock;
use crate::sys::consent::Consent;
pub(crate) use crate::sys::disk::OWN_FOLDER;
use crate::sys::disk::{DiskError, Root};
use crate::sys::process;
use crate::teacher::Teacher;
use crate::workspace::breaker::Breaker;
use crate::workspace::consent::{Permission, WorkspaceIdentity};
use crate::workspace::engines::Engines;
use crate::workspace::error::RunError;
use crate::workspace::index_memory::IndexMoment;
use crate::workspace::intake::{refuse_links, refuse_tracked_state};

/// The time limit of a scorer program for one answer.
const SCORER_TIMEOUT: Duration = Duration::from_secs(300);

/// An open workspace.
pub struct Workspace {
    /// The directory with `kaizen.toml`.
    pub(crate) root: Root,
    /// The workspace whose traces, cache, lock and requests count: this one, or for a worktree of a session, the checkout.
    pub(crate) checkout: Root,
    pub(crate) manifest: Manifest,
    pub(crate) clock: Clock,
    /// The git repository.
    pub(crate) ledger: Git,
    /// The agent under improvement.
    pub(crate) student: Box<dyn Student>,
    /// The teacher, which proposes edits.
    pub(crate) teacher: Box<dyn Teacher>,
    /// Removes secrets from texts.
    pub(crate) redactor: Redactor,
    /// The language model of scorer `judge`, if there is one.
    pub(crate) judge: Option<Box<dyn Model>>,
    /// Cached answers of git about commits.
    pub(crate) past: LedgerCache,
    /// Stops phases that run on the same inputs again and again.
    pub(crate) breaker: Breaker,
    /// The command that holds the lock, for messages to other processes: `kaizen run`.
    pub(crate) holder: &'static str,
    /// How long to wait for the lock.
    pub(crate) patience: Duration,
    /// What this workspace may start, send and read.
    pub(crate) permission: Arc<Permission>,
    /// Whether this process must create nothing, not even a cache; set for tools that declare themselves read-only.
    pub(crate) only_looks: bool,
    /// Whether an engine is not the manifest's.
    has_own_engines: bool,
    /// The client for language models.
    pub(crate) calls: Arc<LlmClient>,
    /// Counts the attempts of this process.
    pub(crate) gauge: Arc<AttemptGauge>,
    halted: Box<dyn Fn() -> Option<String> + Send + Sync>,
    membership: Membership,
    evidence: EvidencePatterns,
    /// Paths of the harness that git does not ignore.
    known: Mutex<BTreeSet<String>>,
    checked: OnceLock<()>,
    /// The index when it was found that git does not track kaizen's own folder.
    opened_at: IndexMoment,
    /// Whether git said since then that it watches all files.
    watches_all: AtomicBool,
}

impl Workspace {
    /// Opens the workspace at `root`.
    ///
    /// # Errors
    /// The manifest is missing or invalid, or there is no git repository.
    pub fn open(root: &Path) -> Result<Self, RunError> {
        let root = Root::open(root)?;
        let manifest = read_manifest(&root)?;
        let clock = Clock::from_environment().map_err(|error| RunError::Config(error.to_string()))?;
        let ledger = Git::open(&root, ledger_policy::of(&manifest, &clock))?.with_archive(&root);
        let opened_at = IndexMoment::now(&ledger);
        refuse_tracked_state(&root, &ledger)?;
        refuse_links(&root)?;
        let redactor = Redactor::new(&manifest.privacy.redact).map_err(|error| RunError::Config(error.to_string()))?;
        let redactor = redactor.keeping(&manifest.privacy.keep);
        let checkout = session_branch::checkout_of(&ledger)?.unwrap_or_else(|| root.clone());
        let identity = WorkspaceIdentity::in_repository(&ledger);
        let permission = Permission::new(&root, &manifest, Some(identity), None).with_links_of(&checkout);
        let permission = Arc::new(permission);
        // A program that is a harness file makes the manifest unusable.
        permission.check_programs()?;
        let calls = LlmClient::new(&manifest, redactor.clone(), &checkout, clock, permission.approvals());
        let halted = Arc::clone(&calls);
        let membership = Membership::new(&manifest).map_err(RunError::Config)?;
        let evidence = evidence_patterns(&manifest)?;
        Ok(Self {
            redactor,
            clock,
            ledger,
            student: engines::student(&manifest, &root, &calls, &permission),
            teacher: engines::teacher(&manifest, &root, &calls),
            judge: engines::judge(&manifest, &calls),
            halted: Box::new(move || halted.halted()),
            calls,
            gauge: Arc::default(),
            permission,
            past: LedgerCache::default(),
            breaker: Breaker::default(),
            holder: "kaizen run",
            patience: Duration::from_secs(2),
            membership,
            only_looks: false,
            has_own_engines: false,
            evidence,
            known: Mutex::default(),
            checked: OnceLock::new(),
            opened_at,
            watches_all: AtomicBool::default(),
            manifest,
            root,
            checkout,
        })
    }

    /// The same workspace with this student instead of the manifest's.
    #[must_use]
    pub fn with_student(self, student: Box<dyn Student>) -> Self {
        Self {
            student,
            has_own_engines: true,
            ..self
        }
    }

    /// The same workspace with this teacher instead of the manifest's.
    #[must_use]
    pub fn with_teacher(self, teacher: Box<dyn Teacher>) -> Self {
        Self {
            teacher,
            has_own_engines: true,
            ..self
        }
    }

    /// The same workspace, with commits allowed while no branch is checked out.
    #[must_use]
    pub fn on_detached_head(mut self) -> Self {
        self.ledger.allow_detached();
        self
    }

    /// The identities of the engines.
    pub(crate) fn engines(&self) -> Engines {
        Engines {
            student: self.student.identity(),
            teacher: self.teacher.identity(),
            judge: self.judge.as_deref().map(ask::identity),
        }
    }

    /// Whether a path belongs to the harness, judging by its name.
    pub(crate) fn selects(&self, path: &str) -> bool {
        self.membership.selects(path)
    }

    /// Whether a path holds traces or tasks.
    pub(crate) fn is_evidence(&self, path: &str) -> bool {
        self.evidence.selects(path)
    }

    /// The files and keys that ops change, and the files that they may touch.
    pub(crate) fn rules(&self) -> op::OpRules {
        op::OpRules::of(&self.manifest.harness, self.membership.clone()).in_folder(&self.name())
    }

    /// The name of the workspace's folder. A worktree is named after its session, so there it is that of the checkout.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        self.checkout.file_name().unwrap_or_default().to_string_lossy()
    }

    /// This process, for messages to others: `kaizen run, process 26816`.
    pub(crate) fn process(&self) -> String {
        format!("{}, process {}", self.holder, std::process::id())
    }

    /// A path in kaizen's own folder, which gets a `.gitignore`.
    pub(crate) fn own(&self, name: &str) -> PathBuf {
        own_in(&self.root, name)
    }

    /// A path in kaizen's own folder of the checkout, for what all of its sessions share.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        own_in(&self.checkout, name)
    }

    /// The evaluator of this workspace.
    pub(crate) fn evaluator<'a>(
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
            epoch: cache_epoch::newest(&self.root, &self.student.identity()),
            concurrency: concurrency(section.engine(), section.concurrency),
            progress,
            gauge: &self.gauge,
            halted: &self.halted,
        }
    }

    /// Lets the judge compare two outputs: the student's score, the teacher's score, the reasons.
    ///
    /// # Errors
    /// There is no judge, or its reply cannot be read.
    pub(crate) fn compare(&self, student: &str, teacher: &str, query: &str) -> Result<(f64, f64, String), String> {
        let compare = engines::comparing(&self.manifest, &self.calls);
        compare.ok_or("there is no judge; set one in [judge]")?(student, teacher, query)
    }

    /// The scorers that need a program or a model, and can work here.
    pub(crate) fn score_engines(&self) -> ScoreEngines {
        ScoreEngines {
            program: !self.manifest.benchmark.scorer_command.is_empty(),
            judge: self.judge.is_some(),
            sandbox: self.manifest.student.is_sandboxed(),
        }
    }

    /// Scores an answer. Scorer `command` runs the manifest's program, and scorer `judge` asks a language model.
    ///
    /// # Errors
    /// The program or the judge failed, or the manifest does not name one. The message is redacted, because records hold it.
    pub(crate) fn score(&self, task: &Task, answer: &str) -> Result<f64, String> {
        let scored = match (task.scorer, &self.judge) {
            (Scorer::Command, _) => self.score_by_program(task, answer),
            (Scorer::Judge, Some(model)) => ask::score(model.as_ref(), task, answer),
            _ => score::score(task, answer).map_err(|error| error.to_string()),
        };
        scored.map_err(|problem| self.redactor.text(&problem).into_owned())
    }

    fn score_by_program(&self, task: &Task, answer: &str) -> Result<f64, String> {
        score::check(task, self.score_engines()).map_err(|error| error.to_string())?;
        let consent = self.calls.consent()?;
        let withheld = self.manifest.withheld(&[]);
        score::score_by_program(&self.scorer(&consent, &withheld), task, answer).map_err(|error| error.to_string())
    }
}

impl Workspace {
    fn scorer<'a>(&'a self, consent: &'a Consent, withheld: &'a [String]) -> process::Program<'a> {
        process::Program {
            consent,
            run: &self.manifest.benchmark.scorer_command,
            folder: &self.root,
            withheld,
            variables: Vec::new(),
            timeout: Some(SCORER_TIMEOUT),
            bounds: None,
        }
    }
}

/// A path in kaizen's own folder of a workspace.
fn own_in(root: &Root, name: &str) -> PathBuf {
    let folder = root.join(OWN_FOLDER);
    if !folder.join(".gitignore").exists() {
        // Without it, `git status` would list the cache; nothing else depends on it.
        let _ = root.publish(folder.join(".gitignore"), b"*\n");
    }
    folder.join(name)
}

/// The number of parallel attempts: the requested number, or enough to keep the machine or a server busy.
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
/// The workspace has no manifest, or it is not usable.
pub(crate) fn read_manifest(root: &Root) -> Result<Manifest, RunError> {
    let path = root.join(manifest::FILE);
    let text = root.read_text(&path).map_err(unusable)?.ok_or_else(|| {
        RunError::Config(format!(
            "no {} here or above; `kaizen init` creates one",
            manifest::FILE
        ))
    })?;
    Ok(Manifest::parse(&path, &text)?)
}

/// The error for a manifest that is no text: the user has to correct it, unlike a failure of the system.
fn unusable(error: DiskError) -> RunError {
    match error {
        DiskError::Failed { ref source, .. } if !is_a_folder(source) => error.into(),
        _ => RunError::Config(error.to_string()),
    }
}

fn is_a_folder(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::IsADirectory
}

/// The nearest folder, from `start` upwards, with an entry named `kaizen.toml`, of any file type.
pub(crate) fn find(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|folder| folder.join(manifest::FILE).symlink_metadata().is_ok())
        .map(Path::to_owned)
}

fn evidence_patterns(manifest: &Manifest) -> Result<EvidencePatterns, RunError> {
    let mut patterns = manifest.traces.files.clone();
    patterns.extend(manifest.benchmark.files.iter().cloned());
    EvidencePatterns::new(&patterns).map_err(RunError::Config)
}
