//! Decides what became of the branch of a session, and removes its worktree once the checkout has everything in it.

use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::record::SessionRecord;
use crate::ledger::Git;
use crate::ledger::port::{Ledger, LedgerError};
use crate::ledger::worktree::WorktreeState;
use crate::pipeline::state::settled;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::session::Session;
use crate::workspace::session_branch::{SessionBranch, lost_worktree};

/// What became of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BranchFate {
    /// It waits to be merged.
    Open {
        /// The branch; `None` if none is checked out in the worktree.
        branch: Option<String>,
    },
    /// HEAD of the checkout has the session with all of its edits, by a merge, a squash or a rebase.
    Merged,
    /// Somebody deleted it.
    Deleted,
}

/// What became of the branch of a session.
///
/// # Errors
/// git fails, or a file of the session cannot be read.
pub(crate) fn fate(workspace: &Workspace, open: &SessionBranch) -> Result<BranchFate, RunError> {
    let git = ledger_of(workspace, open)?;
    let branch = git.branch()?;
    let Some(name) = &branch else {
        return Ok(BranchFate::Open { branch });
    };
    let Some(tip) = git.branch_tip(name)? else {
        return Ok(BranchFate::Deleted);
    };
    match is_merged(workspace, &git, &open.session, &tip)? {
        true => Ok(BranchFate::Merged),
        false => Ok(BranchFate::Open { branch }),
    }
}

/// The newest session whose branch waits to be merged.
///
/// # Errors
/// As for [`fate`].
pub(crate) fn newest_open(workspace: &Workspace) -> Result<Option<SessionBranch>, RunError> {
    for branch in workspace.session_branches()?.into_iter().rev() {
        if matches!(fate(workspace, &branch)?, BranchFate::Open { .. }) {
            return Ok(Some(branch));
        }
    }
    Ok(None)
}

/// The repository as the worktree of a session sees it.
fn ledger_of(workspace: &Workspace, open: &SessionBranch) -> Result<Git, RunError> {
    match Git::open(&open.root, workspace.ledger.policy().clone()) {
        Err(LedgerError::NoRepository(_)) => Err(lost_worktree(&open.folder)),
        git => Ok(git?),
    }
}

/// Whether HEAD of the checkout has a session as the tip of its branch does, and no edit of it waits for a person.
fn is_merged(workspace: &Workspace, git: &Git, session: &Session, tip: &str) -> Result<bool, RunError> {
    let Some(head) = workspace.ledger.head()? else {
        return Ok(false);
    };
    let path = format!("{}/session.json", session.relative());
    let Some(text) = git.text_at(tip, &path)? else {
        return Ok(false);
    };
    let is_settled = serde_json::from_str::<SessionRecord>(&text).is_ok_and(|record| settled(&record));
    if !is_settled || !session.waiting()?.is_empty() {
        return Ok(false);
    }
    if workspace.ledger.is_ancestor(tip, &head)? {
        return Ok(true);
    }
    let Some(arrived) = workspace.ledger.text_at(&head, &path)? else {
        return Ok(false);
    };
    let outcomes = session.outcomes()?;
    for (digest, outcome) in &outcomes {
        let there = workspace.ledger.text_at(&head, &session.outcome_path(*digest))?;
        if !there.is_some_and(|text| has_arrived(outcome, &text)) {
            return Ok(false);
        }
    }
    Ok(!outcomes.is_empty() || arrived == text)
}

/// Whether a text is the same outcome. What was applied may have been rolled back since.
fn has_arrived(outcome: &Outcome, there: &str) -> bool {
    let there = serde_json::from_str::<Outcome>(there);
    there.is_ok_and(|there| {
        let was_applied = outcome.status == OutcomeStatus::Applied && there.status.was_applied();
        there.status == outcome.status || was_applied
    })
}

/// Removes the worktrees of branches that were merged or deleted. One with uncommitted changes stays.
///
/// # Errors
/// git fails, or a file of a session cannot be read.
pub(crate) fn tidy(workspace: &Workspace, listener: Listener) -> Result<(), RunError> {
    for open in workspace.session_branches()? {
        let what = match fate(workspace, &open)? {
            BranchFate::Open { .. } => continue,
            BranchFate::Merged => "is merged",
            BranchFate::Deleted => "was deleted",
        };
        let git = ledger_of(workspace, &open)?;
        let (id, folder) = (&open.session.id, open.folder.display());
        let text = match git.worktree_state()? {
            WorktreeState::Clean => {
                workspace.ledger.remove_worktree(&open.folder)?;
                format!("the branch of {id} {what}; its worktree was removed")
            }
            WorktreeState::Changed => format!(
                "the branch of {id} {what}, but its worktree has uncommitted changes: `git -C {folder} status` lists them, \
                 and `git worktree remove --force {folder}` discards them"
            ),
        };
        listener(Event::Note { text });
    }
    Ok(())
}
