//! The trait of the ledger, which is the source of truth about applied edits.

use crate::harness::Harness;
use crate::ledger::graph::CommitGraph;

/// The full id of a commit.
pub(crate) type CommitId = String;

/// One commit that kaizen made, with its trailers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerEntry {
    /// The commit.
    pub commit: CommitId,
    /// Its first parent.
    pub parent: Option<CommitId>,
    /// The subject line.
    pub subject: String,
    /// Trailers in order, as (key, value).
    pub trailers: Vec<(String, String)>,
    /// Commit time, RFC 3339, UTC.
    pub committed_at: String,
}

impl LedgerEntry {
    /// The first trailer with a key.
    pub(crate) fn trailer(&self, key: &str) -> Option<&str> {
        self.trailers
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// An error of the ledger; the message includes a remedy.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// git could not be run, or failed.
    #[error("git {command}: {message}")]
    Git {
        /// The git subcommand.
        command: String,
        /// The message of git, or why it could not be run.
        message: String,
    },
    /// The disk, or the permissions of its files, keep git from working.
    #[error("git {command} failed because {cause}; {remedy}; git said: {message}")]
    System {
        /// The git subcommand.
        command: String,
        /// The problem.
        cause: &'static str,
        /// What a person can do.
        remedy: &'static str,
        /// The message of git.
        message: String,
    },
    /// The workspace is not inside a git repository.
    #[error("{0} is not inside a git repository; run `git init` there and commit the harness")]
    NoRepository(String),
    /// Another process holds a git lock file.
    #[error("{path} is locked by another git process{seconds}; if none is running, remove that file")]
    Locked {
        /// The lock file.
        path: String,
        /// How long kaizen waited, as ` (waited 10 s)`.
        seconds: String,
    },
    /// The user has an unfinished merge, rebase, cherry-pick or revert.
    #[error("a {0} is in progress; finish or abort it first")]
    InProgress(String),
    /// git has no name or email for the committer.
    #[error(
        "git does not know who you are; set `git config user.name` and `user.email`, or `[ledger] author` in kaizen.toml"
    )]
    NoIdentity,
    /// A commit is missing, because the clone was made with a limited depth.
    #[error("commit {0} is not in this shallow clone; `git fetch --unshallow` gets the rest of the history")]
    Shallow(CommitId),
    /// A commit is missing, because the history was rewritten or the commit was never pushed.
    #[error("commit {0} is not in this repository; fetch the branch that has it, or begin a new session")]
    NoCommit(CommitId),
    /// An ignore rule keeps the paths out of the repository.
    #[error("git ignores {0}; remove it from .gitignore, or run `git add -f` on it once")]
    Ignored(String),
}

/// The git repository as the source of truth about applied edits.
pub(crate) trait Ledger: Send + Sync {
    /// The commit at HEAD; `None` before the first commit.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn head(&self) -> Result<Option<CommitId>, LedgerError>;

    /// The commits of this workspace that have a `Session-ID` trailer, oldest first. If `since` is given and known, it
    /// and its ancestors are left out.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn entries(&self, since: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError>;

    /// The commits after `since` as a graph, with the reverts that people made. Without `since`, or if it is not known,
    /// all ancestors of HEAD.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn graph(&self, since: Option<&str>) -> Result<CommitGraph, LedgerError>;

    /// The newest commit that touched any of these paths (files or folders, relative to the workspace).
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn last_touch(&self, paths: &[String]) -> Result<Option<CommitId>, LedgerError>;

    /// The files of a commit inside the workspace whose relative path `select` accepts.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn harness_at(&self, commit: &str, select: &dyn Fn(&str) -> bool) -> Result<Harness, LedgerError>;

    /// The given paths (relative to the workspace) that differ from HEAD: modified, staged, deleted,
    /// untracked, or on disk but ignored by git.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn dirty(&self, paths: &[String]) -> Result<Vec<String>, LedgerError>;

    /// Commits exactly these paths (files or folders) as they are on disk; other staged changes stay staged and
    /// uncommitted. Returns HEAD if nothing changed.
    ///
    /// # Errors
    /// See [`LedgerError`]. After an error, nothing is staged that was not staged before.
    fn commit(&self, paths: &[String], message: &str) -> Result<CommitId, LedgerError>;
}
