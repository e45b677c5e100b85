//! Finds the edits that the gate left undecided by their names, and writes the file that takes a person's answer.

use super::exit::CommandFailure;
use super::render::undecided::{is_likely, keepable};
use super::review::staleness;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::Outcome;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::harness::op;
use crate::workspace::Workspace;
use crate::workspace::session::Session;

fn fits(outcome: &Outcome, name: &str) -> bool {
    let is_digits = name.len() >= super::accept::FEWEST_DIGITS && outcome.edit_digest.to_string().starts_with(name);
    outcome.edit_id == name || is_digits
}

/// The question about the undecided edit with this name; `None` if the gate left no edit with this name undecided.
///
/// # Errors
/// Several edits have the name, or the plan no longer has the edit.
pub(crate) fn named(
    workspace: &Workspace,
    session: &Session,
    name: &str,
) -> Result<Option<PendingReview>, CommandFailure> {
    let found: Vec<Outcome> = keepable(session)?
        .into_iter()
        .filter(|outcome| fits(outcome, name))
        .collect();
    match &found[..] {
        [] => Ok(None),
        [one] => question(workspace, session, one).map(Some),
        several => {
            let named = several.iter().map(|one| {
                let what = format!("{} {} {}", one.edit_id, one.op.name(), one.target);
                (one.edit_digest, what)
            });
            Err(super::accept::ambiguous(name, session, &named.collect()))
        }
    }
}

/// The questions about all edits of a session that likely help.
///
/// # Errors
/// The gate calls no undecided edit of the session likely.
pub(crate) fn likely(workspace: &Workspace, session: &Session) -> Result<Vec<PendingReview>, CommandFailure> {
    let (likely, others): (Vec<_>, Vec<_>) = keepable(session)?.into_iter().partition(is_likely);
    if likely.is_empty() {
        let names: Vec<&str> = others.iter().map(|outcome| outcome.edit_id.as_str()).collect();
        let failure = CommandFailure::usage(format!("no undecided edit of {} likely helps", session.id));
        return Err(match names[..] {
            [] => failure.hint("`kaizen status` lists what waits for you"),
            _ => failure.hint(format!("`kaizen accept EDIT` keeps one of: {}", names.join(", "))),
        });
    }
    likely
        .iter()
        .map(|outcome| question(workspace, session, outcome))
        .collect()
}

/// The file for an answer about an undecided edit: that of an earlier question about it, or a new one.
fn question(workspace: &Workspace, session: &Session, outcome: &Outcome) -> Result<PendingReview, CommandFailure> {
    if let Some(asked) = session.pending()?.remove(&outcome.edit_digest) {
        return Ok(asked);
    }
    let plan: Option<Plan> = session.read("plan.json")?;
    let edits = plan.iter().flat_map(|plan| &plan.edits);
    let Some(edit) = edits.into_iter().find(|edit| edit.digest() == outcome.edit_digest) else {
        return Err(CommandFailure::usage(format!(
            "{} is no longer in the plan of {}",
            outcome.edit_id, session.id
        ))
        .hint("put it back into plan.json, then accept it"));
    };
    let today = staleness::diff_of(edit, &workspace.harness()?, &workspace.rules());
    let mut clusters = plan.iter().flat_map(|plan| &plan.failure_clusters);
    let cluster = clusters.find(|cluster| cluster.id == edit.expected_improvement);
    Ok(PendingReview {
        version: 1,
        session_id: session.id.clone(),
        edit_digest: outcome.edit_digest,
        decision: None,
        edit: Edit {
            risk_tier: op::tier(edit, &workspace.manifest.harness),
            ..edit.clone()
        },
        diff: today.clone().unwrap_or_default(),
        inapplicable: today.err(),
        cluster: cluster.cloned(),
        near_miss: None,
        remarks: Vec::new(),
        extra: Default::default(),
    })
}
