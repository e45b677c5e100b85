//! The sessions that a watcher follows: those of the checkout or, in team mode, those with a worktree.

use std::path::{Component, Path};

use crate::pipeline::branch::{BranchFate, fate, newest_open};
use crate::pipeline::context::{Context, Depth};
use crate::pipeline::freshness::StaleReason;
use crate::pipeline::next::{Next, next};
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// The sessions, oldest first. In team mode, those whose branch was merged or deleted are included until a run removes
/// their worktrees.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn followed(workspace: &Workspace) -> Result<Vec<Session>, RunError> {
    if !workspace.works_on_branches() {
        return workspace.sessions();
    }
    let branches = workspace.session_branches()?.into_iter();
    Ok(branches.map(|branch| branch.session).collect())
}

/// The session that changed traces, tasks and commits concern: the newest one; in team mode, the newest one whose branch
/// waits to be merged.
///
/// # Errors
/// A folder cannot be read, or git fails.
pub(crate) fn newest(workspace: &Workspace) -> Result<Option<Session>, RunError> {
    if !workspace.works_on_branches() {
        return Ok(workspace.sessions()?.pop());
    }
    let newest = newest_open(workspace)?;
    Ok(newest.map(|branch| branch.session))
}

/// The session with a name, if a run could still continue it.
///
/// # Errors
/// A folder cannot be read, or git fails.
pub(crate) fn named(workspace: &Workspace, id: &str) -> Result<Option<Session>, RunError> {
    if !workspace.works_on_branches() {
        return workspace.session(id);
    }
    let Some(branch) = workspace.session_branch(id)? else {
        return Ok(None);
    };
    let is_open = matches!(fate(workspace, &branch)?, BranchFate::Open { .. });
    Ok(is_open.then_some(branch.session))
}

/// The sessions that have something to do, oldest first, and the newest one. For an older session, only its own files
/// count.
pub(crate) fn unsettled(workspace: &Workspace) -> Vec<String> {
    // What cannot be read is reported by the run of the newest session.
    let newest = newest(workspace).ok().flatten().map(|session| session.id);
    let sessions = followed(workspace).unwrap_or_default().into_iter();
    let wants = |session: &Session| newest.as_ref() == Some(&session.id) || has_own_work(workspace, session);
    sessions.filter(wants).map(|session| session.id).collect()
}

/// Whether an older session has something to do because of its own files. A problem is something to do as well: the run
/// reports it.
fn has_own_work(workspace: &Workspace, session: &Session) -> bool {
    if !workspace.works_on_branches() {
        return has_work(workspace, session);
    }
    match named(workspace, &session.id) {
        Ok(None) => false,
        Ok(Some(_)) => workspace
            .in_worktree(session.root())
            .map_or(true, |inner| has_work(&inner, session)),
        Err(_) => true,
    }
}

fn has_work(workspace: &Workspace, session: &Session) -> bool {
    let (inputs, engines) = (Inputs::new(workspace), workspace.engines());
    let context = Context {
        depth: Depth::History,
        ..Context::new(workspace, session, &inputs, &engines)
    };
    match next(&context, None) {
        Ok(Next::Nothing | Next::NotReady(_)) => false,
        // Changed traces, tasks and commits concern the newest session only, as in a turn.
        Ok(Next::Run { reasons, .. }) => !reasons.iter().all(StaleReason::is_about_the_workspace),
        _ => true,
    }
}

/// A path as seen from the workspace that holds the session it belongs to; `None` for a path in no worktree of a session.
pub(crate) fn in_worktree<'a>(workspace: &Workspace, path: &'a Path) -> Option<(String, &'a Path)> {
    let rest = path.strip_prefix(workspace.worktrees()).ok()?;
    let mut parts = rest.components();
    let Some(Component::Normal(id)) = parts.next() else {
        return None;
    };
    let id = id.to_str().filter(|id| session::is_id(id))?;
    let (_, prefix) = workspace.ledger.place();
    Some((id.to_owned(), parts.as_path().strip_prefix(prefix).ok()?))
}
