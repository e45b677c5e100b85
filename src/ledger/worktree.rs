//! Worktrees of the repository: folders in which another branch is checked out.
#![allow(clippy::disallowed_methods)] // edge: the log of a worktree's HEAD

use std::path::Path;

use super::Git;
use super::commit::below_workspace;
use super::log::is_full_id;
use crate::ledger::port::{CommitId, LedgerError};
use crate::sys::disk::effect;

/// The beginning of the full name of a branch.
const BRANCHES: &str = "refs/heads/";

/// What keeps a worktree from being removed without loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorktreeState {
    /// Nothing: its files are those of its last commit.
    Clean,
    /// It has changes or new files that are in no commit.
    Changed,
}

impl Git {
    /// Checks out a commit in a new worktree at `path`, on a new branch.
    ///
    /// # Errors
    /// The branch or the folder exists, a hook refuses, or git fails.
    pub(crate) fn add_worktree(&self, path: &Path, branch: &str, commit: &str) -> Result<(), LedgerError> {
        effect("git worktree add");
        let path = path.to_string_lossy();
        let arguments = ["worktree", "add", "-q", "--no-track", "-b", branch, &path, commit];
        self.write(&arguments, &[]).map(drop)
    }

    /// Writes a file or a folder of the workspace as it is in a commit, and stages it.
    ///
    /// # Errors
    /// The commit does not have it, or git fails.
    pub(crate) fn restore(&self, commit: &str, path: &str) -> Result<(), LedgerError> {
        effect("git checkout of a path");
        below_workspace(&[path.to_owned()])?;
        self.write(&["checkout", "-q", commit, "--", path], &[]).map(drop)
    }

    /// Removes a worktree with all of its files, even if its folder is already gone.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn remove_worktree(&self, path: &Path) -> Result<(), LedgerError> {
        effect("git worktree remove");
        let path = path.to_string_lossy();
        // The second `--force` is for a worktree that git had locked while it made it.
        self.write(&["worktree", "remove", "--force", "--force", &path], &[])
            .map(drop)
    }

    /// Whether git knows a worktree at a path.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn has_worktree(&self, path: &Path) -> Result<bool, LedgerError> {
        let text = self.read(&["worktree", "list", "--porcelain"], &[])?;
        let text = String::from_utf8_lossy(&text);
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut known = text.lines().filter_map(|line| line.strip_prefix("worktree "));
        Ok(known.any(|known| real(Path::new(known)) == real(path)))
    }

    /// Deletes a branch, if it is still at this commit.
    ///
    /// # Errors
    /// It is at another commit, or git fails.
    pub(crate) fn delete_branch(&self, branch: &str, commit: &str) -> Result<(), LedgerError> {
        effect("delete branch");
        self.write(&["update-ref", "-d", &format!("{BRANCHES}{branch}"), commit], &[])
            .map(drop)
    }

    /// The commit of a branch; `None` if there is no such branch.
    ///
    /// # Errors
    /// git could not be run.
    pub(crate) fn branch_tip(&self, branch: &str) -> Result<Option<CommitId>, LedgerError> {
        self.commit_named(&format!("{BRANCHES}{branch}"))
    }

    /// The remote of a branch: the one that git's configuration names, else `origin` or the only one.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn remote_of(&self, branch: &str) -> Result<Option<String>, LedgerError> {
        let known = self.read(&["remote"], &[])?;
        let known = String::from_utf8_lossy(&known);
        let known: Vec<&str> = known.lines().collect();
        let asked = self.ask(&["config", "--get", &format!("branch.{branch}.remote")], &[])?;
        let configured = String::from_utf8_lossy(&asked.stdout);
        let named = |name: &str| known.iter().find(|remote| **remote == name).copied();
        let found = named(configured.trim_end()).or_else(|| named("origin"));
        let only = known.first().filter(|_| known.len() == 1).copied();
        Ok(found.or(only).map(str::to_owned))
    }

    /// The address of a remote.
    ///
    /// # Errors
    /// There is no such remote, or git fails.
    pub(crate) fn remote_url(&self, remote: &str) -> Result<String, LedgerError> {
        let url = self.read(&["remote", "get-url", remote], &[])?;
        Ok(String::from_utf8_lossy(&url).trim_end().to_owned())
    }

    /// The commit of a branch at a remote, as far as this clone knows.
    ///
    /// # Errors
    /// git could not be run.
    pub(crate) fn remote_tip(&self, remote: &str, branch: &str) -> Result<Option<CommitId>, LedgerError> {
        self.commit_named(&format!("refs/remotes/{remote}/{branch}"))
    }

    /// Pushes a branch under its own name.
    ///
    /// # Errors
    /// The remote cannot be reached or refuses it, or git fails.
    pub(crate) fn push(&self, remote: &str, branch: &str) -> Result<(), LedgerError> {
        effect("git push");
        self.write(&["push", "-q", "--set-upstream", remote, branch], &[])
            .map(drop)
    }

    /// The branch that is checked out, as in `main`; `None` if HEAD is detached.
    ///
    /// # Errors
    /// git could not be run.
    pub(crate) fn branch(&self) -> Result<Option<String>, LedgerError> {
        let answer = self.ask(&["symbolic-ref", "-q", "HEAD"], &[])?;
        let name = String::from_utf8_lossy(&answer.stdout);
        Ok(name.trim_end().strip_prefix(BRANCHES).map(str::to_owned))
    }

    /// Whether a commit is an ancestor of another, or that commit itself.
    ///
    /// # Errors
    /// git could not be run.
    pub(crate) fn is_ancestor(&self, commit: &str, of: &str) -> Result<bool, LedgerError> {
        Ok(self.merge_base(commit, of)?.as_deref() == Some(commit))
    }

    /// Whether the whole work tree is as in its last commit. Files that git ignores do not count.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn worktree_state(&self) -> Result<WorktreeState, LedgerError> {
        let is_changed = match self.branch()? {
            Some(branch) if self.branch_tip(&branch)?.is_none() => self.differs_from_last()?,
            _ => !self
                .read(&["status", "--porcelain", "-z", "--untracked-files=normal"], &[])?
                .is_empty(),
        };
        Ok(match is_changed {
            true => WorktreeState::Changed,
            false => WorktreeState::Clean,
        })
    }

    /// Whether the files differ from the last commit of a branch that was deleted.
    fn differs_from_last(&self) -> Result<bool, LedgerError> {
        let Some(last) = self.last_commit() else {
            return Ok(true);
        };
        let tracked = self.ask(&["diff-index", "--quiet", &last], &[])?;
        let staged = self.ask(&["diff-index", "--quiet", "--cached", &last], &[])?;
        let whole = Git {
            workspace: self.top(),
            prefix: String::new(),
            ..self.clone()
        };
        let new = whole.read(&["ls-files", "--others", "--exclude-standard"], &[])?;
        Ok(!tracked.status.success() || !staged.status.success() || !new.is_empty())
    }

    /// The last commit that was checked out here, from the log of HEAD.
    fn last_commit(&self) -> Option<CommitId> {
        let log = std::fs::read_to_string(self.git_dir.join("logs/HEAD")).ok()?;
        let last = log.lines().last()?.split(' ').nth(1)?;
        is_full_id(last).then(|| last.to_owned())
    }
}
