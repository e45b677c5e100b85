//! The ledger on git: reads and writes the applied edits as commits of the user's repository, through the `git`
//! program.

mod archive;
mod attributes;
mod blame;
mod bulk;
pub(crate) mod cache;
pub(crate) mod checkout_problem;
mod commit;
mod commit_list;
mod conflict;
mod entry_line;
mod environment;
pub(crate) mod extent;
mod filters;
pub(crate) mod graph;
mod log;
pub(crate) mod message;
mod object_stream;
mod origin;
mod plain_layout;
pub(crate) mod port;
mod process;
mod refusal;
mod repository;
mod session_lines;
mod sparse;
mod status;
#[cfg(test)]
mod tests;
mod touching;
mod trace;
mod tree;
pub(crate) mod worktree;
mod write_record;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) use blame::{BlamedLine, Origin};
pub(crate) use conflict::MergeConflict;
pub(crate) use origin::ExternalCommit;
pub(crate) use status::{FileState, is_committed};

use self::archive::CommitArchive;
use self::bulk::BulkReader;
use self::commit::CommitHooks;
use self::tree::TreePart;
use crate::harness::Harness;
use crate::ledger::graph::CommitGraph;
use crate::ledger::port::{CommitId, Ledger, LedgerEntry, LedgerError};

/// The form of a subject line, unless the manifest sets another.
pub(crate) const SUBJECT: &str = "kaizen: {summary}";

/// What kaizen may do in the user's repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Whether the user's hooks run.
    pub hooks: bool,
    /// Whether commits are signed; `None` leaves it to the user's own setting.
    pub sign: Option<bool>,
    /// Name and email of author and committer; `None` leaves them to the user's own setting.
    pub author: Option<(String, String)>,
    /// How long to wait while another git process holds a lock file.
    pub lock_wait: Duration,
    /// How long a git command that only reads may take.
    pub read_limit: Duration,
    /// How long a git command that writes may take before a line says what it waits for.
    pub patience: Duration,
    /// Whether commits may be made while no branch is checked out.
    pub detached: bool,
    /// The form of a subject line, with `{summary}` for the text.
    pub subject: String,
    /// Fixed author and committer date, RFC 3339; it lets a replay create identical commits.
    pub date: Option<String>,
    /// Environment variables for git that override the inherited ones.
    pub environment: BTreeMap<String, String>,
    /// Environment variables that are hidden from git and its hooks.
    pub withheld: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hooks: true,
            sign: None,
            author: None,
            lock_wait: Duration::from_secs(10),
            read_limit: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            detached: false,
            subject: SUBJECT.to_owned(),
            date: None,
            environment: BTreeMap::new(),
            withheld: Vec::new(),
        }
    }
}

/// Whether commits are allowed while no branch is checked out, in all workspaces of this process.
static DETACHED_ALLOWED: AtomicBool = AtomicBool::new(false);

/// Allows commits of this process while no branch is checked out.
pub(crate) fn allow_detached() {
    DETACHED_ALLOWED.store(true, Ordering::Relaxed);
}

/// Whether [`allow_detached`] was called.
pub(crate) fn is_detached_allowed() -> bool {
    DETACHED_ALLOWED.load(Ordering::Relaxed)
}

/// Who made a commit, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommitSignature {
    /// Name and mail address of the author.
    pub who: String,
    /// The time of the commit, RFC 3339, UTC.
    pub at: String,
}

/// A workspace inside a git repository.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    workspace: PathBuf,
    /// The git folder of this worktree, with its locks and the files that mark an unfinished merge or rebase.
    git_dir: PathBuf,
    /// The git folder that all worktrees share: branches, objects.
    common_dir: PathBuf,
    /// The workspace relative to the top of the work tree: empty, or ending in `/`.
    prefix: String,
    policy: Policy,
    /// Whether the remote of a partial clone could not be reached; then git no longer tries.
    offline: Arc<AtomicBool>,
    /// The history of HEAD, for commands that need all of it.
    archive: Option<Arc<CommitArchive>>,
    /// Reads the files of many commits, for commands that look at all sessions.
    bulk: Arc<OnceLock<BulkReader>>,
}

impl Git {
    /// Files of which at least one changes whenever HEAD moves: HEAD, its log, which git writes only if it is set up so, its
    /// branch, the packed branches, and the list of tables if git keeps branches in these.
    pub(crate) fn head_files(&self) -> Vec<PathBuf> {
        let own = ["HEAD", "logs/HEAD", "reftable/tables.list"].map(|name| self.git_dir.join(name));
        let shared = ["packed-refs", "reftable/tables.list"].map(|name| self.common_dir.join(name));
        own.into_iter().chain(shared).chain(self.branch_file()).collect()
    }

    /// Lets one git process read the files of all commits that are asked for from now on. For commands that look at many
    /// commits and write none: which files git converts is asked once.
    pub(crate) fn read_in_bulk(&self) {
        self.bulk.get_or_init(BulkReader::default);
    }

    /// The git folder that all worktrees share, and the workspace relative to the top of its work tree.
    pub(crate) fn place(&self) -> (&Path, &str) {
        (&self.common_dir, &self.prefix)
    }

    /// The full id of a commit, given in any way that git understands: a short id, a branch, a tag, `HEAD~3`. `None` if
    /// there is no such commit.
    ///
    /// # Errors
    /// git could not be run.
    pub(crate) fn commit_named(&self, name: &str) -> Result<Option<CommitId>, LedgerError> {
        log::commit_named(self, name)
    }

    /// The files that differ between two commits, relative to the workspace; a renamed file is listed under both names.
    ///
    /// # Errors
    /// There is no such commit, or git could not be run.
    pub(crate) fn differing(&self, one: &str, other: &str) -> Result<Vec<String>, LedgerError> {
        commit::differing(self, one, other)
    }

    /// The newest commit that two commits have in common; `None` if they have none, or if a shallow clone lacks it.
    ///
    /// # Errors
    /// git could not be run.
    pub(crate) fn merge_base(&self, one: &str, other: &str) -> Result<Option<CommitId>, LedgerError> {
        log::merge_base(self, one, other)
    }

    /// Checks that git knows who commits, before anything is paid for.
    ///
    /// # Errors
    /// git does not know it, or fails.
    pub(crate) fn check_identity(&self) -> Result<(), LedgerError> {
        self.read(&["var", "GIT_AUTHOR_IDENT"], &[])?;
        self.read(&["var", "GIT_COMMITTER_IDENT"], &[]).map(drop)
    }

    /// The author and the time of a commit.
    ///
    /// # Errors
    /// git fails; there is no such commit.
    pub(crate) fn signature(&self, commit: &str) -> Result<CommitSignature, LedgerError> {
        log::signature(self, commit)
    }

    /// The newest commit that kaizen did not make, on the way from HEAD along first parents.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn newest_of_people(&self) -> Result<Option<CommitId>, LedgerError> {
        log::newest_of_people(self)
    }

    /// The first commit in the history of HEAD that has a file, given relative to the workspace.
    ///
    /// # Errors
    /// git fails, or the path leads out of the workspace.
    pub(crate) fn first_with(&self, path: &str) -> Result<Option<CommitId>, LedgerError> {
        commit::below_workspace(&[path.to_owned()])?;
        log::first_with(self, path)
    }

    /// The value of a git attribute of a file; `None` if it is not specified.
    ///
    /// # Errors
    /// git fails, or the path leads out of the workspace.
    pub(crate) fn attribute(&self, name: &str, path: &str) -> Result<Option<String>, LedgerError> {
        commit::below_workspace(&[path.to_owned()])?;
        let found = attributes::attributes(self, &[name], &[path])?;
        let value = found.get(path).and_then(|of_file| of_file.value(name));
        Ok(value.map(str::to_owned))
    }

    /// The text of one file at a commit, given relative to the workspace; `None` if the commit does not have it, or it is
    /// not text.
    ///
    /// # Errors
    /// See [`Ledger::harness_at`].
    pub(crate) fn text_at(&self, commit: &str, path: &str) -> Result<Option<String>, LedgerError> {
        let files = tree::files_at(self, commit, TreePart::File(path), &|file| file == path)?;
        Ok(files.text(path).map(str::to_owned))
    }

    /// The selected files of a commit, also records of sessions.
    ///
    /// # Errors
    /// See [`Ledger::harness_at`].
    pub(crate) fn files_at(&self, commit: &str, select: &dyn Fn(&str) -> bool) -> Result<Harness, LedgerError> {
        tree::files_at(self, commit, TreePart::Whole, select)
    }

    /// Whether the history of this clone was cut off, as `git clone --depth` does.
    pub(crate) fn is_shallow(&self) -> bool {
        // If the system does not say, the history does not count as complete.
        self.common_dir.join("shallow").try_exists().unwrap_or(true)
    }

    /// The given paths that git ignores. A tracked file is never ignored.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn ignored(&self, paths: &[&str]) -> Result<Vec<String>, LedgerError> {
        status::ignored(self, paths)
    }

    /// Commits exactly these paths as [`Ledger::commit`] does, and returns whether a hook ran, which may have changed
    /// the committed files and those on disk.
    ///
    /// # Errors
    /// See [`LedgerError`]. After an error, nothing is staged that was not staged before.
    pub(crate) fn commit_with_hooks(&self, paths: &[String], message: &str) -> Result<(CommitId, bool), LedgerError> {
        commit::commit(self, paths, message, CommitHooks::Run)
    }

    /// Commits exactly these paths as [`Ledger::commit`] does, but without the hooks that check or change a commit.
    ///
    /// # Errors
    /// See [`LedgerError`]. After an error, nothing is staged that was not staged before.
    pub(crate) fn commit_past_hooks(&self, paths: &[String], message: &str) -> Result<CommitId, LedgerError> {
        Ok(commit::commit(self, paths, message, CommitHooks::Skip)?.0)
    }

    /// Allows commits of this ledger while no branch is checked out.
    pub(crate) fn allow_detached(&mut self) {
        self.policy.detached = true;
    }

    /// Checks that a branch is checked out to commit on, or that commits without one are allowed.
    ///
    /// # Errors
    /// [`LedgerError::Detached`], or git fails.
    pub(crate) fn check_branch(&self) -> Result<(), LedgerError> {
        match self.policy.detached || self.is_on_branch()? {
            true => Ok(()),
            false => Err(LedgerError::Detached),
        }
    }

    /// What kaizen may do in this repository.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The form of the subject lines of commits.
    pub(crate) fn subject(&self) -> &str {
        &self.policy.subject
    }

    /// Checks that git would record files, given relative to the workspace. They need not exist.
    ///
    /// # Errors
    /// [`LedgerError::IgnoredRecord`] for the first file that an ignore rule leaves out, or git fails.
    pub(crate) fn check_recordable(&self, paths: &[&str]) -> Result<(), LedgerError> {
        status::check_recordable(self, paths)
    }

    /// Unstages all staged changes of files, without changing the files.
    ///
    /// # Errors
    /// git fails, or a path leads out of the workspace.
    pub(crate) fn unstage(&self, paths: &[String]) -> Result<(), LedgerError> {
        commit::unstage(self, paths)
    }
}

impl Ledger for Git {
    fn head(&self) -> Result<Option<CommitId>, LedgerError> {
        log::head(self)
    }

    fn entries(&self, since: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError> {
        let Some(since) = since else {
            return self.entries_among(&|_| true);
        };
        match self.known_since(since)? {
            Some(later) => self.entries_among(&|commit| later.place(commit).is_some()),
            None => log::entries(self, Some(since)),
        }
    }

    fn entries_of(&self, session: &str, since: Option<&str>) -> Result<Vec<LedgerEntry>, LedgerError> {
        let Some(since) = since else {
            return self.entries_of_session(session, &|_| true);
        };
        match self.known_since(since)? {
            Some(later) => self.entries_of_session(session, &|commit| later.place(commit).is_some()),
            None => {
                let mut entries = log::entries(self, Some(since))?;
                entries.retain(|entry| entry.trailer(session_lines::SESSION) == Some(session));
                Ok(entries)
            }
        }
    }

    fn graph(&self, since: Option<&str>) -> Result<Arc<CommitGraph>, LedgerError> {
        let Some(since) = since else {
            return self.whole_graph();
        };
        let later = self.known_since(since)?;
        later.map_or_else(|| log::graph(self, Some(since)), Ok).map(Arc::new)
    }

    fn last_touch(&self, paths: &[String]) -> Result<Option<CommitId>, LedgerError> {
        log::last_touch(self, paths)
    }

    fn harness_at(&self, commit: &str, select: &dyn Fn(&str) -> bool) -> Result<Harness, LedgerError> {
        tree::files_at(self, commit, TreePart::Harness, select)
    }

    fn dirty(&self, paths: &[String]) -> Result<Vec<String>, LedgerError> {
        Ok(self.status(paths)?.into_iter().map(|file| file.path).collect())
    }

    fn commit(&self, paths: &[String], message: &str) -> Result<CommitId, LedgerError> {
        Ok(self.commit_with_hooks(paths, message)?.0)
    }
}
