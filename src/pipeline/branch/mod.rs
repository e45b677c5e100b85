//! Runs sessions on branches of their own: in a worktree, beside the checkout, whose files and branch stay as they are.

mod fate;
mod undone;
mod worktree;

pub(crate) use fate::{BranchFate, fate, newest_open, tidy};
pub(super) use undone::with_undone_edits;

use self::worktree::Announcement;
use crate::ledger::port::Ledger;
use crate::manifest;
use crate::pipeline::advance::advance_alone;
use crate::pipeline::begin::has_not_begun;
use crate::pipeline::options::{RunOptions, RunResult};
use crate::pipeline::{notify, permissions};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::{Inputs, user_changes};
use crate::workspace::session::Session;
use crate::workspace::session_branch::SessionBranch;
use crate::workspace::transaction::{enter, recover_all};

/// Where a run works.
enum BranchPlace {
    /// In the worktree of this session.
    Open(SessionBranch),
    /// In a new worktree, made for this purpose.
    New(Announcement),
}

/// Starts or resumes a session on a branch of its own, and runs its stale phases.
///
/// # Errors
/// As for [`crate::advance`], or what the session needs is not committed.
pub(super) fn advance(workspace: &Workspace, asked: &RunOptions, listener: Listener) -> Result<RunResult, RunError> {
    let lock = enter(workspace, listener)?;
    worktree::settle_announced(workspace)?;
    tidy(workspace, listener)?;
    let place = place(workspace, asked, listener)?;
    let (id, path) = match &place {
        BranchPlace::Open(open) => (open.session.id.clone(), open.root.to_path_buf()),
        BranchPlace::New(made) => (made.session.clone(), workspace.place_in_worktree(&made.session).1),
    };
    let run = || {
        let inner = workspace.in_worktree(&path)?;
        let asked = RunOptions {
            new: false,
            session: Some(id.clone()).filter(|_| !place.begins()),
            begins_as: Some(id.clone()).filter(|_| place.begins()),
            ..asked.clone()
        };
        permissions::run(&inner, &asked)?;
        recover_all(&inner, listener)?;
        let (session, ended) = advance_alone(&inner, &asked, listener, &lock)?;
        Ok((inner, session, ended))
    };
    let ran: Result<_, RunError> = run();
    worktree::settle_announced(workspace)?;
    let (inner, session, ended) = ran?;
    // Others can take the lock while a notice is on its way.
    drop(lock);
    notify::after(&inner, asked, (&session, &ended), listener);
    ended
}

impl BranchPlace {
    /// Whether the session begins in the worktree.
    fn begins(&self) -> bool {
        matches!(self, Self::New(made) if made.begins)
    }
}

/// Removes the worktrees of branches that were merged or deleted, for a command that does not run a session now.
///
/// # Errors
/// Another process works here, git fails, or a file of a session cannot be read.
pub(crate) fn tidy_alone(workspace: &Workspace, listener: Listener) -> Result<(), RunError> {
    if !workspace.works_on_branches() || workspace.session_branches()?.is_empty() {
        return Ok(());
    }
    let _lock = enter(workspace, listener)?;
    worktree::settle_announced(workspace)?;
    tidy(workspace, listener)
}

/// The worktree in which a run works: that of the named session, else of the newest one that has a worktree, else a new
/// one.
fn place(workspace: &Workspace, asked: &RunOptions, listener: Listener) -> Result<BranchPlace, RunError> {
    if let Some(id) = &asked.session {
        if let Some(open) = workspace.session_branch(id)? {
            return Ok(BranchPlace::Open(open));
        }
        let session = workspace.session(id)?;
        let session = session.ok_or_else(|| RunError::NoSuchSession(id.clone()))?;
        return reopened(workspace, &session).map(BranchPlace::New);
    }
    if let Some(newest) = newest_open(workspace)?.filter(|_| asked.dropped.is_none())
        && (!asked.new || !asked.by_files && has_not_begun(&newest.session)?)
    {
        return Ok(BranchPlace::Open(newest));
    }
    permissions::run(
        workspace,
        &RunOptions {
            new: true,
            ..asked.clone()
        },
    )?;
    check_committed(workspace)?;
    if let Some(newest) = workspace.sessions()?.pop() {
        // What a person answered or edited there would be left behind.
        check_clean(workspace, &newest)?;
    }
    note_changes(workspace, listener)?;
    let made = worktree::add(workspace, &new_id(workspace)?, true)?;
    let (folder, _) = workspace.place_in_worktree(&made.session);
    let text = format!("the session works on branch {}, in {}", made.branch, folder.display());
    listener(Event::Note { text });
    Ok(BranchPlace::New(made))
}

/// Makes a branch with a worktree for a session that the checkout has, and opens the workspace there.
///
/// # Errors
/// The session has uncommitted changes, another process works here, or git fails.
pub(crate) fn reopen(workspace: &Workspace, session: &Session) -> Result<Workspace, RunError> {
    let _lock = enter(workspace, &|_| {})?;
    worktree::settle_announced(workspace)?;
    let made = reopened(workspace, session)?;
    workspace.in_worktree(&workspace.place_in_worktree(&made.session).1)
}

/// A worktree for a session of the checkout.
fn reopened(workspace: &Workspace, session: &Session) -> Result<Announcement, RunError> {
    check_committed(workspace)?;
    check_clean(workspace, session)?;
    worktree::add(workspace, &session.id, false)
}

/// The id of a new session, later than those of all others.
fn new_id(workspace: &Workspace) -> Result<String, RunError> {
    let known = workspace.sessions_everywhere()?;
    let newest = known.last().map(|session| session.id.as_str());
    Ok(workspace.clock.session_id(known.len(), newest))
}

/// Checks that a branch at HEAD has what a session needs, as it is in the checkout: the manifest, the tasks that git
/// tracks, and the programs of the workspace.
fn check_committed(workspace: &Workspace) -> Result<(), RunError> {
    if workspace.ledger.head()?.is_none() {
        return Err(RunError::NoCommit);
    }
    let mut needed = vec![manifest::FILE.to_owned()];
    for program in workspace.permission.list()?.programs {
        needed.extend(program.pinned.into_iter().map(|file| file.path));
    }
    let mut missing: Vec<String> = workspace.ledger.dirty(&needed)?;
    let tasks = workspace.task_files()?;
    let tasks: Vec<String> = tasks
        .iter()
        .filter_map(|file| file.relative_to(&workspace.root))
        .collect();
    let changed = workspace.ledger.status(&tasks)?.into_iter();
    missing.extend(
        changed
            .filter(|file| file.state == crate::ledger::FileState::Changed)
            .map(|file| file.path),
    );
    match missing.is_empty() {
        true => Ok(()),
        false => Err(RunError::NotCommitted(missing)),
    }
}

/// Checks that all files of a session are committed, since a branch has only those.
fn check_clean(workspace: &Workspace, session: &Session) -> Result<(), RunError> {
    let dirty = workspace.ledger.dirty(&[session.relative()])?;
    match dirty.is_empty() {
        true => Ok(()),
        false => Err(RunError::NotCommitted(dirty)),
    }
}

/// Says which changes of the user the branch does not have.
fn note_changes(workspace: &Workspace, listener: Listener) -> Result<(), RunError> {
    let inputs = Inputs::new(workspace);
    let changes = user_changes(workspace, &inputs, &workspace.harness()?)?;
    if !changes.is_empty() {
        let text = format!(
            "your uncommitted changes in {} stay in the checkout: the session's branch begins at the last commit",
            changes.join(", ")
        );
        listener(Event::Note { text });
    }
    Ok(())
}
