//! Opens the workspace in which a session is: the checkout, or a worktree if the session works on a branch of its own.

use super::Setting;
use super::exit::CommandFailure;
use crate::pipeline::branch;
use crate::workspace::Workspace;
use crate::workspace::consent;
use crate::workspace::session_branch::SessionBranch;

impl Setting {
    /// The workspace of a session; without a name, that of the session that `kaizen run` would continue.
    ///
    /// # Errors
    /// As for [`Setting::workspace`].
    pub(crate) fn workspace_of(&self, session: Option<&str>) -> Result<Workspace, CommandFailure> {
        let checkout = self.workspace()?;
        let found = match session {
            Some(name) => {
                let found = branches(&checkout)?
                    .into_iter()
                    .find(|branch| branch.session.id == name);
                found.map(|branch| open(&checkout, &branch)).transpose()?
            }
            None => self.newest_workspace(&checkout)?,
        };
        Ok(found.unwrap_or(checkout))
    }

    /// The workspace of the newest session whose branch waits to be merged, if there is one.
    ///
    /// # Errors
    /// As for [`Setting::workspace`].
    pub(crate) fn newest_workspace(&self, checkout: &Workspace) -> Result<Option<Workspace>, CommandFailure> {
        let newest = match checkout.is_of_a_branch() {
            true => None,
            false => branch::newest_open(checkout)?,
        };
        newest.map(|branch| open(checkout, &branch)).transpose()
    }

    /// The workspace that has something, such as an edit: the newest worktree, else the checkout.
    ///
    /// # Errors
    /// As for [`Setting::workspace`], or those of `has_it`.
    pub(crate) fn workspace_with(
        &self,
        has_it: &dyn Fn(&Workspace) -> Result<bool, CommandFailure>,
    ) -> Result<Workspace, CommandFailure> {
        let checkout = self.workspace()?;
        for branch in branches(&checkout)?.iter().rev() {
            let workspace = open(&checkout, branch)?;
            if has_it(&workspace)? {
                return Ok(workspace);
            }
        }
        Ok(checkout)
    }
}

/// Refuses a command that would commit on the branch that is checked out.
///
/// # Errors
/// The sessions of the workspace work on branches of their own.
pub(crate) fn refuse_branches(workspace: &Workspace, command: &str, remedy: &str) -> Result<(), CommandFailure> {
    match workspace.works_on_branches() {
        true => {
            let problem = format!("{command} works on the branch that is checked out, but [ledger] mode is \"branch\"");
            Err(CommandFailure::usage(problem).hint(remedy))
        }
        false => Ok(()),
    }
}

/// The sessions with worktrees; none in a worktree, where only its own session counts.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn branches(workspace: &Workspace) -> Result<Vec<SessionBranch>, CommandFailure> {
    match workspace.is_of_a_branch() {
        true => Ok(Vec::new()),
        false => Ok(workspace.session_branches()?),
    }
}

/// Opens the workspace in a worktree.
///
/// # Errors
/// It has no usable manifest, or `--trust` does not approve its list.
pub(crate) fn open(checkout: &Workspace, branch: &SessionBranch) -> Result<Workspace, CommandFailure> {
    let workspace = checkout.in_worktree(&branch.root)?;
    if consent::only_digest().is_some() {
        workspace.permission.check_all()?;
    }
    Ok(workspace)
}
