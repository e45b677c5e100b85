//! Ledger: git, as the truth about what is applied.

use crate::harness::Harness;

/// A commit's full name.
pub(crate) type CommitId = String;

/// One commit that kaizen made, read back from its trailers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
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
    pub(crate) fn trailer(&self, key: &str) -> Option<&str> {
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
pub(crate) trait Ledger: Send + Sync {
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
