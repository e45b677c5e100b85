//! Reverts applied edits: re-derives the harness without them, and commits the result.

use std::collections::BTreeSet;

use super::head::SessionHead;
use super::message::revert_message;
use super::past::{PastEdits, past_edits};
use super::{ExecuteContext, ExecuteInput, outcome};
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus, Rollback};
use crate::digest::Digest;
use crate::harness::rederive::{RederivedHarness, rederive};
use crate::harness::{Harness, op};
use crate::ledger::port::CommitId;
use crate::pipeline::edit_states::census::{AppliedEdit, EditCensus, edits_without_session};
use crate::pipeline::edit_states::content::EditContent;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;

/// The harness `head` without some edits of the session. Writes nothing.
///
/// The commits from an edit to HEAD are followed on one way through the history; what other branches brought comes with
/// their merges. Edits on other branches are then removed from the result in the same way.
///
/// # Errors
/// git fails, a change that stays conflicts with the revert, or an edit would remain in the harness.
pub(crate) fn without(
    past: &PastEdits,
    dropped: &BTreeSet<Digest>,
    head: &Harness,
) -> Result<RederivedHarness, RunError> {
    let mut result = RederivedHarness {
        harness: head.clone(),
        stranded: Vec::new(),
    };
    let mut open: BTreeSet<Digest> = past.applied(dropped).collect();
    while let Some(start) = past.first(&open) {
        let way = past_edits(past, start)?;
        let here: BTreeSet<Digest> = way.iter().map(|change| change.digest).collect();
        let removed: BTreeSet<Digest> = open.intersection(&here).copied().collect();
        if removed.is_empty() {
            break;
        }
        let derived = rederive(&way, &removed, &result.harness, past.rules)?;
        result.harness = derived.harness;
        result.stranded.extend(derived.stranded);
        open.retain(|digest| !removed.contains(digest));
    }
    check_removed(past, dropped, head, &result.harness)?;
    Ok(result)
}

/// Checks that no dropped edit is left: an edit that HEAD contains must have changed its files.
fn check_removed(
    past: &PastEdits,
    dropped: &BTreeSet<Digest>,
    head: &Harness,
    without: &Harness,
) -> Result<(), RunError> {
    let contains = |edit: &Edit, files: &Harness| op::contains(edit, files, past.rules) == Some(true);
    let start = past.first(dropped).map(|commit| past.before(commit)).transpose()?;
    for edit in past.edits.iter().filter(|edit| dropped.contains(&edit.digest())) {
        let before = past
            .commit_of(&edit.digest())
            .map(|commit| past.before(commit))
            .transpose()?;
        let content = EditContent::of(edit, before.as_ref(), past.rules);
        // What the files had before all of these edits is of none of them: two edits may cancel each other out.
        let was_there = |start: &Harness| contains(edit, start) || content.outlasts(head, start);
        let stays = (contains(edit, head) && contains(edit, without)) || content.outlasts(head, without);
        if stays && !start.as_ref().is_some_and(was_there) {
            return Err(RunError::Inseparable(edit.id.clone()));
        }
    }
    Ok(())
}

/// Reverts edits that left the plan.
pub(super) fn revert_dropped(
    input: &ExecuteInput,
    execution: &ExecuteContext,
    dropped: &BTreeSet<Digest>,
    head: &mut SessionHead,
) -> Result<(), RunError> {
    if dropped.is_empty() {
        return Ok(());
    }
    let edits: Vec<Edit> = input.reconcile.edits().cloned().collect();
    let past = PastEdits {
        edits: &edits,
        states: &input.reconcile.states,
        outcomes: &input.reconcile.outcomes,
        rules: &input.rules,
        select: input.select,
        ledger: execution.ledger(),
        graph: execution.context.inputs.graph()?,
        others: &|| others(execution.context.workspace, execution.context.inputs, input.session),
    };
    let mut derived = without(&past, dropped, &head.harness)?;
    derived.harness = head.checked_out(derived.harness, execution)?;
    let mut commit = None;
    if head.harness != derived.harness {
        let message = revert_message(execution.ledger().subject(), input, dropped, &derived.stranded);
        let (id, committed) = head.commit(&derived.harness, &message, input, execution)?;
        commit = Some(id);
        head.harness = committed;
        head.evaluation = None;
    }
    for digest in dropped {
        roll_back(input, execution, digest, commit.as_deref())?;
    }
    for (digest, reason) in &derived.stranded {
        if let Some(edit) = input.reconcile.plan.edits.iter().find(|edit| edit.digest() == *digest) {
            let known = input.reconcile.outcomes.get(digest).cloned();
            execution.outcome(&Outcome {
                error: Some(reason.clone()),
                status: OutcomeStatus::Stranded,
                ..known.unwrap_or_else(|| outcome(edit, OutcomeStatus::Stranded))
            })?;
        }
    }
    Ok(())
}

/// The edits of other sessions that HEAD contains.
///
/// # Errors
/// git fails, or the sessions cannot be listed.
pub(crate) fn others(workspace: &Workspace, inputs: &Inputs, session: &str) -> Result<Vec<AppliedEdit>, RunError> {
    let mut found = EditCensus::of(workspace, inputs, &|other| other.id != session)?.applied;
    found.extend(edits_without_session(workspace, inputs)?);
    Ok(found)
}

impl super::ReconcileInput<'_> {
    /// The edits of the plan, and the applied ones that left it.
    fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.plan.edits.iter().chain(&self.withdrawn)
    }

    /// The commit that undid an edit.
    pub(super) fn undone_by(&self, digest: &Digest) -> Option<&CommitId> {
        self.states.get(digest)?.undone_by()
    }
}

/// Writes that an edit which left the plan is no longer applied; the evidence of its outcome stays.
pub(super) fn roll_back(
    input: &ExecuteInput,
    execution: &ExecuteContext,
    digest: &Digest,
    commit: Option<&str>,
) -> Result<(), RunError> {
    let Some(applied) = input.reconcile.outcomes.get(digest) else {
        return Ok(());
    };
    // Reverted on another branch, and now here too: the first revert stays the record.
    if applied.status == OutcomeStatus::RolledBack && applied.rolled_back.is_some() {
        return Ok(());
    }
    execution.outcome(
        &Outcome {
            error: Some("it was removed from the plan".into()),
            rolled_back_by: Some(execution.context.reverter),
            rolled_back: Some(execution.rollback(commit)?),
            ..applied.clone()
        }
        .with_status(OutcomeStatus::RolledBack),
    )
}

impl ExecuteContext<'_> {
    /// When, by whom and in which commit an edit was reverted.
    pub(super) fn rollback(&self, commit: Option<&str>) -> Result<Rollback, RunError> {
        let signature = commit.map(|commit| self.ledger().signature(commit)).transpose()?;
        Ok(Rollback {
            at: signature
                .as_ref()
                .map_or_else(|| self.now(), |signature| signature.at.clone()),
            by: signature.map(|signature| signature.who),
            commit: commit.map(str::to_owned),
        })
    }
}
