//! Makes the worktree of a session. It is announced before git makes it, so that after a crash the next run continues the
//! session if it has begun, and otherwise removes what is there.

use serde::{Deserialize, Serialize};

use crate::ledger::port::Ledger;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session_branch::ANNOUNCED;

/// The beginning of the names of the branches.
const BRANCHES: &str = "kaizen/";

/// A worktree that is being made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// The session, after which the worktree is named.
    pub session: String,
    pub branch: String,
    /// The commit at which the branch begins.
    commit: String,
    /// Whether the session begins in the worktree; otherwise, the commit has it.
    pub begins: bool,
}

/// Announces and makes a worktree with a new branch at HEAD. Only after [`settle_announced`] it counts as made.
///
/// # Errors
/// There is no commit, or git or the file system fails.
pub(super) fn add(workspace: &Workspace, session: &str, begins: bool) -> Result<Announcement, RunError> {
    let announced = Announcement {
        session: session.to_owned(),
        branch: free_branch(workspace, session)?,
        commit: workspace.ledger.head()?.ok_or(RunError::NoCommit)?,
        begins,
    };
    // Also writes the .gitignore, which hides the worktrees from the checkout.
    workspace.own("");
    let text = serde_json::to_vec(&announced).expect("an announcement has string keys");
    workspace.root.publish(path(workspace, session), &text)?;
    let (folder, _) = workspace.place_in_worktree(session);
    let made = workspace
        .ledger
        .add_worktree(&folder, &announced.branch, &announced.commit);
    if let Err(error) = made {
        abandon(workspace, &announced)?;
        return Err(error.into());
    }
    if !begins {
        workspace.root.remove(path(workspace, session))?;
    }
    Ok(announced)
}

/// The first name for a branch of a session that no branch has.
fn free_branch(workspace: &Workspace, session: &str) -> Result<String, RunError> {
    let mut name = format!("{BRANCHES}{session}");
    let mut number = 2;
    while workspace.ledger.branch_tip(&name)?.is_some() {
        name = format!("{BRANCHES}{session}-{number}");
        number += 1;
    }
    Ok(name)
}

fn path(workspace: &Workspace, session: &str) -> std::path::PathBuf {
    workspace.worktrees().join(format!("{session}{ANNOUNCED}"))
}

/// Ends the announcements: those of sessions that have begun are obsolete; of the others, nothing is left.
///
/// # Errors
/// git or the file system fails.
pub(super) fn settle_announced(workspace: &Workspace) -> Result<(), RunError> {
    for name in workspace.root.listed(workspace.worktrees())? {
        let Some(session) = name.strip_suffix(ANNOUNCED) else {
            continue;
        };
        let path = path(workspace, session);
        let text = workspace.root.read_text(&path)?.unwrap_or_default();
        let unreadable = |error| RunError::Store(format!("{}: {error}; remove that file", path.display()));
        let announced: Announcement = serde_json::from_str(&text).map_err(unreadable)?;
        match announced.begins && workspace.session_branch(session)?.is_some() {
            true => workspace.root.remove(&path)?,
            false => abandon(workspace, &announced)?,
        }
    }
    Ok(())
}

/// Removes a worktree in which no session has begun, with its branch.
fn abandon(workspace: &Workspace, announced: &Announcement) -> Result<(), RunError> {
    let (folder, _) = workspace.place_in_worktree(&announced.session);
    if workspace.ledger.has_worktree(&folder)? {
        workspace.ledger.remove_worktree(&folder)?;
    }
    // git did not know it yet.
    workspace.root.remove_folder(&folder)?;
    let tip = workspace.ledger.branch_tip(&announced.branch)?;
    if tip.as_deref() == Some(announced.commit.as_str()) {
        workspace.ledger.delete_branch(&announced.branch, &announced.commit)?;
    }
    Ok(workspace.root.remove(path(workspace, &announced.session))?)
}
