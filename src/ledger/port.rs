//! The trait of the ledger, which is the source of truth about applied edits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::artifact::edit::Op;
use crate::harness::Harness;
use crate::ledger::checkout_problem::CheckoutProblem;
use crate::ledger::graph::CommitGraph;

/// The full id of a commit.
pub(crate) type CommitId = String;

/// One commit that kaizen made, with its trailers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Whether a word is the name of an op; `several` is an ordinary word, and the subject also names its members.
fn is_op(word: &str) -> bool {
    let ops = Op::ALL.iter().filter(|op| **op != Op::Several);
    ops.map(|op| op.name()).any(|name| name == word)
}

/// The beginning of the subject of kaizen's commits.
const SUBJECT: &str = "kaizen: ";

impl LedgerEntry {
    /// Whether kaizen made the commit, by its subject: that of kaizen, or one in the form of `[ledger] subject` that names
    /// an op. A squash merge keeps the trailers of kaizen under a subject of its own.
    pub(crate) fn is_of_kaizen(&self) -> bool {
        let mut words = self.subject.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        self.subject.starts_with(SUBJECT) || words.any(is_op)
    }

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
    #[error("{path}{age} is the lock of another git process{seconds}; if none is running, remove that file")]
    Locked {
        /// The lock file.
        path: String,
        /// The age of that file, as `, 5 minutes old,`.
        age: String,
        /// How long kaizen waited, as ` (waited 10 s)`.
        seconds: String,
    },
    /// A hook of the repository refused a commit.
    #[error("a hook ({hook}) refused the commit and printed:\n{output}")]
    Hook {
        /// The name of the hook.
        hook: String,
        /// Its output.
        output: String,
    },
    /// A git command that only reads did not end in time, and was killed.
    #[error(
        "git {command} did not end within {seconds} s; run `git status` there to see what it waits for, such as a file system, a \
         file system monitor or a server"
    )]
    TooSlow {
        /// The git subcommand.
        command: String,
        /// The limit.
        seconds: f64,
    },
    /// No branch is checked out.
    #[error(
        "no branch is checked out (detached HEAD), so commits would be lost at the next checkout; `git switch -c NAME` makes a \
         branch, and `--detached` commits anyway"
    )]
    Detached,
    /// An ignore rule keeps a file of a session out of the repository.
    #[error("git ignores {path} ({rule}), so the record of a session would be incomplete")]
    IgnoredRecord {
        /// The file, relative to the workspace.
        path: String,
        /// The file of the rule, its line and its pattern.
        rule: String,
    },
    /// The user has an unfinished merge, rebase, cherry-pick or revert.
    #[error("a {0} is in progress; finish or abort it first")]
    InProgress(String),
    /// git has no name or email for the committer.
    #[error(
        "git does not know who you are; set `git config user.name` and `user.email`, the variables GIT_AUTHOR_NAME, \
         GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL, or `[ledger] author` in kaizen.toml"
    )]
    NoIdentity,
    /// A commit is missing, because the clone was made with a limited depth.
    #[error("commit {0} is not in this shallow clone; `git fetch --unshallow` gets the rest of the history")]
    Shallow(CommitId),
    /// A commit is missing, because the history was rewritten or the commit was never pushed.
    #[error("commit {0} is not in this repository; fetch the branch that has it, or begin a new session")]
    NoCommit(CommitId),
    /// Objects are missing, because the clone is a partial one and its remote cannot be reached.
    #[error("this partial clone lacks objects that kaizen needs, and the remote that has them cannot be reached")]
    Partial,
    /// A file of the harness cannot be judged as it is on disk or in git.
    #[error(transparent)]
    Checkout(#[from] CheckoutProblem),
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

    /// Those of [`Ledger::entries`] that belong to a session.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn entries_of(&self, session: &str, since: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError>;

    /// The commits after `since` as a graph, with the reverts that people made. Without `since`, or if it is not known,
    /// all ancestors of HEAD.
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn graph(&self, since: Option<&str>) -> Result<Arc<CommitGraph>, LedgerError>;

    /// The newest commit that touched any of these paths (files or folders, relative to the workspace).
    ///
    /// # Errors
    /// See [`LedgerError`].
    fn last_touch(&self, paths: &[String]) -> Result<Option<CommitId>, LedgerError>;

    /// The files of a commit inside the workspace whose relative path `select` accepts, as a checkout would write them;
    /// none of the folder of sessions.
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
