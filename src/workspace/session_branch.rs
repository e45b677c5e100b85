//! The sessions that work on branches of their own. Each has a worktree in kaizen's own folder, which is named after the
//! session and holds its folder. Traces, cache, lock and requests to pause are those of the checkout.

use std::path::{Path, PathBuf};

use super::error::RunError;
use super::session::{self, Session};
use super::{OWN_FOLDER, Workspace};
use crate::ledger::Git;
use crate::ledger::port::LedgerError;
use crate::manifest::LedgerMode;
use crate::sys::disk::{DiskError, Root};

/// The folder of the worktrees, in kaizen's own folder.
const WORKTREES: &str = "worktrees";

/// The end of the name of the file that announces a worktree until its session has begun.
pub(crate) const ANNOUNCED: &str = ".new";

/// A session with a worktree.
#[derive(Clone, Debug)]
pub(crate) struct SessionBranch {
    /// The session.
    pub session: Session,
    /// The top of the worktree.
    pub folder: PathBuf,
    /// The workspace in the worktree.
    pub root: Root,
}

/// The names in the folder of the worktrees of a checkout.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn names(checkout: &Root) -> Result<Vec<String>, DiskError> {
    checkout.listed(Path::new(OWN_FOLDER).join(WORKTREES))
}

/// The workspace in the worktree of a session that has begun; `prefix` is the workspace in its work tree.
///
/// # Errors
/// The system does not say whether it exists.
pub(crate) fn root_of(checkout: &Root, prefix: &str, id: &str) -> Result<Option<Root>, DiskError> {
    let folder = checkout.join(OWN_FOLDER).join(WORKTREES).join(id);
    let path = folder.join(prefix.trim_end_matches('/'));
    if !session::is_id(id) || !checkout.is_taken(path.join(session::FOLDER))? {
        return Ok(None);
    }
    let root = Root::open(&path)?;
    Ok(session::find(&root, id)?.map(|_| root))
}

/// The error for a folder that git no longer knows as a worktree.
pub(crate) fn lost_worktree(folder: &Path) -> RunError {
    let folder = folder.display();
    RunError::Config(format!(
        "git does not know the worktree {folder}, as after the repository was moved; `git worktree repair {folder}` connects it \
         again"
    ))
}

/// The checkout of a workspace that is in the worktree of a session; `None` for any other workspace.
///
/// # Errors
/// The checkout cannot be opened.
pub(super) fn checkout_of(ledger: &Git) -> Result<Option<Root>, DiskError> {
    let top = ledger.top();
    let Some(own) = top
        .parent()
        .filter(|folder| folder.ends_with(WORKTREES))
        .and_then(Path::parent)
    else {
        return Ok(None);
    };
    let Some(checkout) = own.parent().filter(|_| own.ends_with(OWN_FOLDER)) else {
        return Ok(None);
    };
    let (common, prefix) = ledger.place();
    let real = |path: &Path| path.canonicalize().ok();
    // A clone in that folder is a repository of its own.
    let is_ours = real(common).is_some_and(|common| is_git_of(&common, checkout, prefix));
    is_ours.then(|| Root::open(checkout)).transpose()
}

/// Whether a git folder is that of a workspace with this path in its work tree.
fn is_git_of(common: &Path, workspace: &Path, prefix: &str) -> bool {
    let depth = prefix.matches('/').count();
    let top = workspace.ancestors().nth(depth).unwrap_or(workspace);
    let keyless = crate::ledger::Policy::default();
    workspace == top.join(prefix.trim_end_matches('/'))
        && Git::open(workspace, keyless).is_ok_and(|git| git.place().0.canonicalize().is_ok_and(|own| own == common))
}

impl Workspace {
    /// Whether this is the workspace in the worktree of a session, rather than the checkout.
    pub(crate) fn is_of_a_branch(&self) -> bool {
        *self.checkout != *self.root
    }

    /// Whether a session of this workspace works on a branch of its own.
    pub(crate) fn works_on_branches(&self) -> bool {
        self.manifest.ledger.mode == LedgerMode::Branch && !self.is_of_a_branch()
    }

    /// The workspace in a worktree, for the command that works in this checkout.
    ///
    /// # Errors
    /// It has no usable manifest, or an engine of this workspace is not the manifest's.
    pub(crate) fn in_worktree(&self, path: &Path) -> Result<Workspace, RunError> {
        if self.has_own_engines {
            let problem = "[ledger] mode = \"branch\" works only with the engines of kaizen.toml";
            return Err(RunError::Config(problem.to_owned()));
        }
        // As the worktree knows its checkout, so that paths in one are also paths in the other.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let opened = match Workspace::open(&path) {
            Err(RunError::Ledger(LedgerError::NoRepository(_))) => return Err(lost_worktree(&path)),
            opened => opened?,
        };
        Ok(Workspace {
            holder: self.holder,
            patience: self.patience,
            only_looks: self.only_looks,
            ..opened
        })
    }

    /// The folder of the worktrees.
    pub(crate) fn worktrees(&self) -> PathBuf {
        self.checkout.join(OWN_FOLDER).join(WORKTREES)
    }

    /// The workspace in the worktree of a session that works on its own branch, or would.
    pub(crate) fn place_in_worktree(&self, session: &str) -> (PathBuf, PathBuf) {
        let folder = self.worktrees().join(session);
        let (_, prefix) = self.ledger.place();
        let root = folder.join(prefix.trim_end_matches('/'));
        (folder, root)
    }

    /// The sessions that have begun in worktrees, oldest first.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(crate) fn session_branches(&self) -> Result<Vec<SessionBranch>, RunError> {
        let mut found = Vec::new();
        for id in names(&self.checkout)? {
            found.extend(self.session_branch(&id)?);
        }
        Ok(found)
    }

    /// The sessions of the checkout and those that have begun in worktrees, oldest first. A session that is in both is the
    /// worktree's.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(crate) fn sessions_everywhere(&self) -> Result<Vec<Session>, RunError> {
        let branches = self.session_branches()?.into_iter();
        let mut sessions: Vec<Session> = branches.map(|branch| branch.session).collect();
        sessions.extend(self.sessions()?);
        sessions.sort_by(|one, other| one.id.cmp(&other.id));
        sessions.dedup_by(|later, first| later.id == first.id);
        Ok(sessions)
    }

    /// The session with a name, if it has begun in a worktree.
    ///
    /// # Errors
    /// The system does not say whether it exists.
    pub(crate) fn session_branch(&self, id: &str) -> Result<Option<SessionBranch>, RunError> {
        let root = root_of(&self.checkout, self.ledger.place().1, id)?;
        Ok(root.map(|root| SessionBranch {
            session: Session::at(&root, id),
            folder: self.worktrees().join(id),
            root,
        }))
    }
}
