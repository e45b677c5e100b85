//! Finds the edits of earlier sessions that were not kept, for the next diagnosis.

use std::collections::BTreeSet;

use super::state::settled;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::Outcome;
use crate::artifact::plan::Plan;
use crate::digest::Digest;
use crate::teacher::RejectedEdit;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// The largest number of edits that a teacher sees.
const MOST: usize = 20;

/// The edits of settled sessions before `session` that were not kept, newest first; without a session, those of all.
///
/// # Errors
/// The sessions or the benchmark cannot be read.
pub(crate) fn rejected_edits(
    workspace: &Workspace,
    inputs: &Inputs,
    session: Option<&str>,
) -> Result<Vec<RejectedEdit>, RunError> {
    let sessions = workspace.sessions()?;
    let earlier: Vec<Session> = sessions
        .into_iter()
        .take_while(|one| session.is_none_or(|own| one.id != own))
        .filter(|one| one.record().ok().flatten().as_ref().is_some_and(settled))
        .collect();
    let (held_out, mut seen, mut found) = (inputs.held_out()?, BTreeSet::new(), Vec::new());
    for session in earlier.iter().rev() {
        for (edit, reason) in of_session(session) {
            if found.len() < MOST && seen.insert(edit.digest()) {
                // A person may have put a held-out task into an edit.
                let mut payload = edit.payload.into();
                held_out.value(&mut payload);
                let payload = payload.as_object().cloned().unwrap_or_default();
                found.push(RejectedEdit {
                    edit: Edit { payload, ..edit },
                    reason,
                });
            }
        }
    }
    Ok(found)
}

/// The edits of a session that were not kept, in the order of its plan, then those that left the plan. A session that
/// cannot be read teaches nothing.
fn of_session(session: &Session) -> Vec<(Edit, String)> {
    let outcomes = session.outcomes().unwrap_or_default();
    let plan: Option<Plan> = session.read("plan.json").ok().flatten();
    let asked = session.pending().unwrap_or_default().into_values();
    let edits = plan.into_iter().flat_map(|plan| plan.edits);
    let reason = |digest: &Digest| outcomes.get(digest).and_then(Outcome::reason_class);
    edits
        .chain(asked.map(|pending| pending.edit))
        .filter_map(|edit| Some((reason(&edit.digest())?.to_owned(), edit)))
        .map(|(reason, edit)| (edit, reason))
        .collect()
}
