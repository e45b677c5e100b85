//! Finds or creates the repository of a workspace.

#![allow(clippy::disallowed_methods)] // edge: the files of a repository

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::log::is_full_id;
use super::plain_layout::PlainLayout;
use super::process::{command, output, refusal};
use super::{Git, Policy};
use crate::ledger::port::{CommitId, LedgerError};
use crate::sys::disk::{ErrorWithRemedy, FileStamp};

impl Git {
    /// Opens the ledger of a workspace; the root of its repository may be a parent folder.
    ///
    /// # Errors
    /// There is no repository, it is bare, or git refuses to read it.
    pub(crate) fn open(workspace: &Path, policy: Policy) -> Result<Git, LedgerError> {
        match PlainLayout::of(workspace, &policy) {
            Some(PlainLayout { git_dir, prefix }) => Ok(Git {
                workspace: workspace.to_owned(),
                common_dir: git_dir.clone(),
                git_dir,
                prefix,
                policy,
                offline: Arc::default(),
                archive: None,
                bulk: Arc::default(),
            }),
            None => Self::open_by_asking(workspace, policy),
        }
    }

    /// Opens the ledger of a workspace whose repository may have any layout.
    pub(super) fn open_by_asking(workspace: &Path, policy: Policy) -> Result<Git, LedgerError> {
        let wanted = [
            "rev-parse",
            "--is-inside-work-tree",
            "--absolute-git-dir",
            "--git-common-dir",
            "--show-prefix",
        ];
        let answer = output(&mut command(workspace, &policy, &wanted), &[], &policy)?;
        let said = String::from_utf8_lossy(&answer.stderr);
        if said.contains("not a git repository") || said.contains("cannot change to") {
            return Err(LedgerError::NoRepository(workspace.display().to_string()));
        }
        let text = String::from_utf8_lossy(&answer.stdout);
        let mut lines = text.lines();
        if lines.next() == Some("false") {
            return Err(no_work_tree(workspace));
        }
        if !answer.status.success() {
            return Err(refusal("rev-parse", &answer));
        }
        let git_dir = PathBuf::from(lines.next().unwrap_or_default());
        // The workspace may be in a folder of a clone that looks like a repository; git before 2.38 accepts it as one.
        if workspace
            .canonicalize()
            .is_ok_and(|workspace| workspace.starts_with(&git_dir))
        {
            return Err(no_work_tree(workspace));
        }
        Ok(Git {
            workspace: workspace.to_owned(),
            git_dir,
            // Relative to the workspace, or absolute.
            common_dir: workspace.join(lines.next().unwrap_or_default()),
            prefix: lines.next().unwrap_or_default().to_owned(),
            policy,
            offline: Arc::default(),
            archive: None,
            bulk: Arc::default(),
        })
    }

    /// Creates a repository with the branch `main` in a folder; an existing repository is not changed.
    ///
    /// # Errors
    /// git could not be run, or failed.
    pub(crate) fn init(workspace: &Path) -> Result<(), LedgerError> {
        let policy = Policy::default();
        let answer = output(
            &mut command(workspace, &policy, &["init", "-q", "-b", "main"]),
            &[],
            &policy,
        )?;
        if answer.status.success() {
            return Ok(());
        }
        Err(refusal("init", &answer))
    }

    /// The stamp of the index; `None` before the first file is staged.
    pub(crate) fn index_stamp(&self) -> Option<FileStamp> {
        FileStamp::of(&self.git_dir.join("index"))
    }

    /// The file of the present branch; `None` if HEAD is detached or cannot be read.
    pub(super) fn branch_file(&self) -> Option<PathBuf> {
        let branch = self.branch_on_disk()?;
        branch.starts_with("refs/heads/").then(|| self.common_dir.join(branch))
    }

    /// The commit at HEAD, read from a plain file to save a process. `None` if the branch is packed, stored in another
    /// format or unborn; then git has to be asked.
    pub(super) fn head_on_disk(&self) -> Option<CommitId> {
        let head = read_to_string(self.git_dir.join("HEAD")).ok()?;
        let commit = match head.strip_prefix("ref: ") {
            // Other refs may belong to a single worktree.
            Some(branch) if branch.starts_with("refs/heads/") => {
                read_to_string(self.common_dir.join(branch.trim_end())).ok()?
            }
            Some(_) => return None,
            None => head,
        };
        let commit = commit.trim_end();
        is_full_id(commit).then(|| commit.to_owned())
    }

    /// The branch in the file HEAD, as in `refs/heads/main`; `None` if none is checked out.
    fn branch_on_disk(&self) -> Option<String> {
        let head = read_to_string(self.git_dir.join("HEAD")).ok()?;
        head.strip_prefix("ref: ").map(|branch| branch.trim_end().to_owned())
    }

    /// Whether a branch is checked out, with or without commits.
    pub(super) fn is_on_branch(&self) -> Result<bool, LedgerError> {
        match self.branch_on_disk() {
            // Refs are stored in another format, and only git knows them.
            Some(branch) if branch == "refs/heads/.invalid" => {
                Ok(self.ask(&["symbolic-ref", "-q", "HEAD"], &[])?.status.success())
            }
            branch => Ok(branch.is_some()),
        }
    }

    /// The file with which git locks the branch at HEAD.
    pub(super) fn branch_lock(&self) -> Option<PathBuf> {
        Some(self.common_dir.join(format!("{}.lock", self.branch_on_disk()?)))
    }

    /// The top of the work tree, with all links resolved.
    pub(crate) fn top(&self) -> PathBuf {
        let top = self.workspace.join("../".repeat(self.prefix.matches('/').count()));
        top.canonicalize().unwrap_or(top)
    }

    /// Whether the checkout may leave out some of the files.
    pub(super) fn is_sparse(&self) -> bool {
        self.git_dir.join("info/sparse-checkout").exists()
    }

    /// The merge, rebase, cherry-pick or revert that the user has not finished, if there is one.
    ///
    /// # Errors
    /// The system does not say.
    pub(super) fn unfinished(&self) -> Result<Option<&'static str>, LedgerError> {
        let marks = [
            ("MERGE_HEAD", "merge"),
            ("rebase-merge", "rebase"),
            ("rebase-apply", "rebase"),
            ("CHERRY_PICK_HEAD", "cherry-pick"),
            ("REVERT_HEAD", "revert"),
            ("sequencer", "cherry-pick or revert"),
        ];
        for (mark, name) in marks {
            let path = self.git_dir.join(mark);
            let unknown = |error: std::io::Error| LedgerError::Git {
                command: "status".to_owned(),
                message: format!("cannot read {}: {}", path.display(), ErrorWithRemedy(&error)),
            };
            if path.try_exists().map_err(unknown)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

fn no_work_tree(workspace: &Path) -> LedgerError {
    LedgerError::Git {
        command: "rev-parse".to_owned(),
        message: format!(
            "{} is inside a bare repository or a .git folder; use a folder of a checked-out work tree",
            workspace.display()
        ),
    }
}
