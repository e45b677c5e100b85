//! Finds the sessions of which people reverted or dropped edits since those were merged, so that a new branch records it.

use std::collections::BTreeSet;

use crate::artifact::outcome::OutcomeStatus;
use crate::ledger::graph::LedgerState;
use crate::ledger::port::Ledger;
use crate::pipeline::edit_states::EditSearch;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::{self, FOLDER, Session};

/// The sessions before `session` with an applied edit that git no longer has. A session that cannot be read is left out;
/// `verify` reports it.
///
/// # Errors
/// git fails, or the sessions cannot be listed.
pub(crate) fn with_undone_edits(workspace: &Workspace, session: &Session) -> Result<Vec<Session>, RunError> {
    let inputs = Inputs::new(workspace);
    restore_reverted(workspace, &inputs)?;
    let mut found = Vec::new();
    for other in workspace.sessions()?.into_iter().filter(|other| other.id < session.id) {
        let Ok(search) = EditSearch::new(workspace, &inputs, &other) else {
            continue;
        };
        let is_applied = |digest| {
            let outcome = search.outcomes.get(digest);
            outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::Applied)
        };
        let states = search.states()?;
        let mut undone = states
            .iter()
            .filter(|(_, state)| matches!(state, LedgerState::Undone(_) | LedgerState::Reverted(_)));
        if undone.any(|(digest, _)| is_applied(digest)) {
            found.push(other);
        }
    }
    Ok(found)
}

/// Brings back the folders of sessions whose merge a person reverted: the revert took the record along, and without it
/// nobody would know that these edits were turned down. A folder that a person deleted otherwise stays deleted.
fn restore_reverted(workspace: &Workspace, inputs: &Inputs) -> Result<(), RunError> {
    let known: BTreeSet<String> = workspace.sessions()?.into_iter().map(|session| session.id).collect();
    let entries = workspace.ledger.entries(None)?;
    let named: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.trailer("Session-ID")).collect();
    for id in named
        .into_iter()
        .filter(|id| session::is_id(id) && !known.contains(*id))
    {
        let folder = format!("{FOLDER}/{id}");
        let Some(last) = workspace.ledger.last_touch(std::slice::from_ref(&folder))? else {
            continue;
        };
        let graph = inputs.graph()?;
        if let Some(before) = graph.parent(&last).filter(|_| graph.is_revert(&last)) {
            workspace.ledger.restore(before, &folder)?;
        }
    }
    Ok(())
}
