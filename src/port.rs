//! The ports: what the pipeline needs from a teacher, a student, a trace store and a ledger.

use std::ops::ControlFlow;

use crate::artifact::cluster::FailureCluster;
use crate::artifact::edit::{Edit, Op};
use crate::artifact::evaluation::{Attempt, Attempted};
use crate::artifact::task::Task;
use crate::artifact::trace::Trace;
use crate::chat::{Reply, Request};
use crate::digest::Digest;
use crate::harness::Harness;
use crate::manifest::layout::Layout;

/// The agent under improvement.
pub trait Student: Send + Sync {
    /// Everything about the student that can change an answer and does not stand in the harness.
    fn identity(&self) -> serde_json::Value;

    /// Whether the student can answer these tasks with this harness at all. Asked before the user's own harness is
    /// scored: a broken file is to be mended, not to count as 0. An edit that breaks a file is scored like any other.
    ///
    /// # Errors
    /// A message for people that names the file and what is wrong with it.
    fn check(&self, _harness: &Harness, _tasks: &[&Task]) -> Result<(), String> {
        Ok(())
    }

    /// Whether an attempt takes money or seconds: then each is remembered as soon as it is made, not all at the end.
    fn is_dear(&self) -> bool {
        false
    }

    /// Reads a harness once, for many attempts.
    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared>;
}

/// A student that has read a harness.
pub trait Prepared: Send + Sync {
    /// The digest of everything in the harness that the answer to this task can depend on.
    fn footprint(&self, task: &Task) -> Digest;

    /// Answers one task. The seed is the only source of chance.
    fn attempt(&self, task: &Task, seed: u64) -> Attempt;
}

/// What was asked of a student before, by the digest of exactly what was asked.
pub trait Memo: Send + Sync {
    /// The remembered attempts, one a key. A memory that cannot be read has forgotten.
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>>;

    /// Remembers attempts.
    fn put(&self, attempts: &[(Digest, Attempt)]);
}

/// A memo that remembers nothing.
pub struct Forgetful;

impl Memo for Forgetful {
    fn get(&self, keys: &[Digest]) -> Vec<Option<Attempt>> {
        vec![None; keys.len()]
    }

    fn put(&self, _: &[(Digest, Attempt)]) {}
}

/// A language model as kaizen asks it: redacted, within budget, and nothing paid for twice.
pub trait Model: Send + Sync {
    /// Everything about the model that can change an answer; never a key.
    fn identity(&self) -> serde_json::Value;

    /// The digest of exactly what would be sent; the seed counts only where the server is sent one.
    fn rendered(&self, request: &Request) -> Digest;

    /// Asks.
    ///
    /// # Errors
    /// See [`AskError`].
    fn ask(&self, request: &Request) -> Result<Answer, AskError>;
}

/// What a language model said, and what it took.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it said.
    pub reply: Reply,
    /// Digest of what was asked.
    pub request: Digest,
    /// Dollars when it was asked; `None` when unknown.
    pub cost_usd: Option<f64>,
    /// It was asked before, and nothing was paid now.
    pub remembered: bool,
}

/// Why a language model gave no answer. The texts are for people and never hold a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The call would cost more than is left, or its price is unknown while there is a limit.
    #[error("{0}")]
    OverBudget(String),
    /// The server refuses this very request (400, 413, 422): what was asked is wrong.
    #[error("{0}")]
    Refused(String),
    /// The world failed: no server, no key, no access, busy for too long.
    #[error("{0}")]
    Unreachable(String),
    /// The server answers, and not in its own format, however often it is asked.
    #[error("{0}")]
    Malformed(String),
}

/// Traces that were searched for, or why they could not be.
pub type Found = Result<Vec<Trace>, String>;

/// All that a teacher is given. Nothing of the gate or test split is reachable from here.
pub struct Briefing<'a> {
    /// The harness before any edit.
    pub harness: &'a Harness,
    /// Where each op lands in this harness.
    pub layout: &'a Layout,
    /// The ops that have a home here.
    pub ops: &'a [Op],
    /// Train tasks, without those whose query is also a gate or test query.
    pub train: &'a [Task],
    /// Eligible traces, newest first, without those that answer a gate or test task.
    pub traces: &'a [Trace],
    /// Runs the student on train tasks under any harness; remembered, counted, and read-only.
    pub run_student: &'a (dyn for<'t> Fn(&Harness, &[&'t Task]) -> Vec<Attempted<'t>> + Sync),
    /// Full-text search over the store, best first, at most so many; eligible traces only.
    pub search_traces: &'a (dyn Fn(&str, usize) -> Found + Sync),
    /// What an answer to a train task is worth, 0 to 1.
    pub score: &'a (dyn Fn(&Task, &str) -> Result<f64, String> + Sync),
    /// The name of the session: two sessions do not ask the same question.
    pub session: &'a str,
    /// The only source of chance.
    pub seed: u64,
}

/// A teacher's account of what goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Diagnosed {
    /// Markdown for people, without the closing block of clusters.
    pub narrative: String,
    /// The groups of failures.
    pub clusters: Vec<FailureCluster>,
    /// Ids of the traces that the teacher read.
    pub traces_read: Vec<String>,
    /// Dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
    /// Every call of a model or a tool, in order, for `teacher/diagnose.jsonl`.
    pub log: Vec<serde_json::Value>,
}

/// A teacher's proposal.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The edits, in the order in which they should be tried.
    pub edits: Vec<Edit>,
    /// Dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
    /// Every call of a model, in order, for `teacher/plan.jsonl`.
    pub log: Vec<serde_json::Value>,
    /// The model that planned, when it is not the engine's name.
    pub model: Option<String>,
}

/// A teacher that could not do its work.
#[derive(Clone, Debug, Default)]
pub struct TeacherFailure {
    /// What went wrong and the remedy, for people.
    pub problem: String,
    /// What it had done until then; it is kept for people to read.
    pub log: Vec<serde_json::Value>,
}

impl From<String> for TeacherFailure {
    fn from(problem: String) -> Self {
        Self {
            problem,
            log: Vec::new(),
        }
    }
}

/// Whatever writes the diagnosis and the plan.
pub trait Teacher: Send + Sync {
    /// Everything about the teacher that can change what it says.
    fn identity(&self) -> serde_json::Value;

    /// Groups the failures.
    ///
    /// # Errors
    /// The teacher cannot work.
    fn diagnose(&self, briefing: &Briefing) -> Result<Diagnosed, TeacherFailure>;

    /// Proposes edits for the clusters.
    ///
    /// # Errors
    /// The teacher cannot work.
    fn plan(
        &self,
        briefing: &Briefing,
        diagnosis: &str,
        clusters: &[FailureCluster],
    ) -> Result<Planned, TeacherFailure>;
}

/// Which state of a trace store was read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct TracePin {
    /// How many traces the store held.
    pub count: u64,
    /// Digest of their ids and contents, in the store's order.
    pub digest: Digest,
}

/// A failure to read traces: names the file, the line, and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TraceError(pub String);

/// Evidence of past runs, read-only.
pub trait TraceSource: Send + Sync {
    /// Calls `visit` with every trace, newest first where the store knows times; one trace in memory at a time.
    ///
    /// # Errors
    /// The store cannot be read, or a line is not a trace.
    fn scan(&self, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> Result<(), TraceError>;

    /// One trace by id.
    ///
    /// # Errors
    /// The store cannot be read.
    fn get(&self, trace_id: &str) -> Result<Option<Trace>, TraceError>;

    /// Full-text search over id, query, result and agent; best match first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn search(&self, terms: &str, limit: usize) -> Result<Vec<Trace>, TraceError>;

    /// Digest and count of all traces.
    ///
    /// # Errors
    /// The store cannot be read.
    fn pin(&self) -> Result<TracePin, TraceError>;
}

/// A commit's full name.
pub type CommitId = String;

/// One commit that kaizen made, read back from its trailers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The commit.
    pub commit: CommitId,
    /// Its first parent.
    pub parent: Option<CommitId>,
    /// Subject line.
    pub subject: String,
    /// Trailers in order, as (key, value).
    pub trailers: Vec<(String, String)>,
    /// Commit time, RFC 3339, UTC.
    pub committed_at: String,
}

impl Entry {
    /// The first trailer with a key.
    pub fn trailer(&self, key: &str) -> Option<&str> {
        self.trailers
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// A failure of the ledger, with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// git could not be run or said no.
    #[error("git {command}: {message}")]
    Git {
        /// The git subcommand.
        command: String,
        /// What git said, or why it could not be run.
        message: String,
    },
    /// The workspace is not inside a git repository.
    #[error("{0} is not inside a git repository; run `git init` there, or `kaizen init`")]
    NoRepository(String),
    /// Somebody else holds the index lock.
    #[error("{path} is held by another git process{seconds}; when none is running, remove that file yourself")]
    Locked {
        /// The lock file.
        path: String,
        /// How long was waited, as ` (waited 10 s)`.
        seconds: String,
    },
    /// A merge, rebase, cherry-pick or revert is under way.
    #[error("a {0} is in progress; finish or abort it first")]
    InProgress(String),
    /// git does not know who commits.
    #[error(
        "git does not know who you are; set `git config user.name` and `user.email`, or `[ledger] author` in kaizen.toml"
    )]
    NoIdentity,
    /// An ignore rule keeps the paths out of the repository.
    #[error("git ignores {0}; take it out of .gitignore, or run `git add -f` on it once")]
    Ignored(String),
}

/// git, as the truth about what is applied.
pub trait Ledger: Send + Sync {
    /// The commit at HEAD; `None` before the first commit.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn head(&self) -> Result<Option<CommitId>, LedgerError>;

    /// The commits of this workspace that carry a `Session-ID` trailer, oldest first; without those at or behind
    /// `since`, when it is given and known.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn entries(&self, since: Option<&str>) -> Result<Vec<Entry>, LedgerError>;

    /// The first parent of a commit; `None` for the first commit.
    ///
    /// # Errors
    /// See [`LedgerError`]; an unknown commit is an error.
    fn parent(&self, commit: &str) -> Result<Option<CommitId>, LedgerError>;

    /// Whether a commit is HEAD or behind it; an unknown commit is not.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn is_ancestor(&self, commit: &str) -> Result<bool, LedgerError>;

    /// Those of the given commits that a `git revert` behind HEAD undoes, unless that revert was itself reverted.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn reverted(&self, commits: &[CommitId]) -> Result<Vec<CommitId>, LedgerError>;

    /// The newest commit that touched any of these paths (files or folders, relative to the workspace).
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn last_touch(&self, paths: &[String]) -> Result<Option<CommitId>, LedgerError>;

    /// The files of a commit, below the workspace, whose relative path `select` wants.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn harness_at(&self, commit: &str, select: &dyn Fn(&str) -> bool) -> Result<Harness, LedgerError>;

    /// Those of the given paths (relative to the workspace) that differ from HEAD: modified, staged, deleted or untracked,
    /// or on disk but ignored by git.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn dirty(&self, paths: &[String]) -> Result<Vec<String>, LedgerError>;

    /// Commits exactly these paths (files or folders) as they are on disk; other staged changes stay staged and uncommitted.
    /// When nothing changed, HEAD is the answer.
    ///
    /// # Errors
    /// See [`LedgerError`]; after an error nothing stays staged that was not staged before.
    fn commit(&self, paths: &[String], message: &str) -> Result<CommitId, LedgerError>;
}
