//! Recover: undoes a write of harness files that a crash cut short, before anything else happens.

use super::event::{Event, Listener};
use crate::artifact::Artifact;
use crate::artifact::intent::{IntendedFile, Intent};
use crate::digest::Digest;
use crate::harness::Harness;
use crate::ledger::port::Ledger;
use crate::sys::disk::Lock;
use crate::workspace::error::RunError;
use crate::workspace::session::SessionError;
use crate::workspace::{Workspace, exchange};

/// The announcement of a write.
pub(crate) const INTENT: &str = "intent.json";

/// Locks the workspace, and undoes or completes what was cut short before anything else happens.
///
/// # Errors
/// Somebody else works here, or see [`recover`].
pub(crate) fn enter(workspace: &Workspace, listener: Listener) -> Result<Lock, RunError> {
    let lock = alone(workspace)?;
    let note = |text: &str| listener(Event::Note { text: text.into() });
    if recover(workspace)? {
        note("an interrupted write was undone");
    }
    if exchange::finish(workspace)?.is_some() {
        note("an interrupted `kaizen bench refresh` was completed");
    }
    Ok(lock)
}

/// Locks the workspace.
///
/// # Errors
/// Somebody else works here.
pub(crate) fn alone(workspace: &Workspace) -> Result<Lock, RunError> {
    let holder = format!("{}, process {}", workspace.holder, std::process::id());
    Ok(workspace
        .root
        .lock_within(workspace.own("lock"), &holder, workspace.patience)?)
}

/// Puts announced files back to what HEAD says, unless a person edited them since.
///
/// # Errors
/// A file matches neither the state before nor the one after: it was edited by hand.
pub(crate) fn recover(workspace: &Workspace) -> Result<bool, RunError> {
    let path = workspace.own(INTENT);
    let Some(text) = workspace.root.read_text(&path)? else {
        return Ok(false);
    };
    let intent = Intent::from_text(&path, &text).map_err(SessionError::from)?;
    let head = match workspace.ledger.head()? {
        Some(commit) => workspace.ledger.harness_at(&commit, &|path| workspace.selects(path))?,
        None => Harness::default(),
    };
    for file in &intent.files {
        restore(workspace, file, &head)?;
    }
    // What was staged for the commit that never came would look like a change of the user's.
    let paths: Vec<String> = intent.files.iter().map(|file| file.path.clone()).collect();
    workspace.ledger.unstage(&paths)?;
    workspace.root.remove(&path)?;
    Ok(true)
}

fn restore(workspace: &Workspace, file: &IntendedFile, head: &Harness) -> Result<(), RunError> {
    let path = workspace.root.join(&file.path);
    let live = workspace.root.read(&path)?;
    let at_head = head.get(&file.path);
    if live.as_deref() == at_head {
        return Ok(());
    }
    let digest = live.as_deref().map(Digest::of_bytes);
    if digest != file.before && digest != file.after {
        return Err(RunError::Dirty(vec![file.path.clone()]));
    }
    match at_head {
        Some(bytes) => workspace.root.publish(&path, bytes)?,
        None => workspace.root.remove(&path)?,
    }
    Ok(())
}
