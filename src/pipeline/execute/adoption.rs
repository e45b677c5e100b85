//! Writes the outcome of an edit that git contains and that the records do not call applied.

use std::path::Path;

use super::head::SessionHead;
use super::verdict::decide;
use super::{ExecuteContext, ExecuteInput, hooks, outcome};
use crate::artifact::Artifact;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::harness::Harness;
use crate::ledger::port::{Ledger, LedgerEntry};
use crate::pipeline::execute::message::SKIPPED;
use crate::workspace::error::RunError;

/// The outcome of an edit that is in git since `commit`: after a crash between commit and outcome, after a merge that kept
/// the other branch's record, or because a person brought the edit back.
pub(super) fn adopt(
    edit: &Edit,
    commit: &str,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Outcome, RunError> {
    let signature = execution.ledger().signature(commit)?;
    let entry = input.reconcile.entries.iter().find(|entry| entry.commit == commit);
    let evidence = match recorded(edit, input, execution)? {
        Some(recorded) => recorded,
        None if entry.and_then(|entry| entry.trailer("Gate")) == Some(SKIPPED) => Outcome {
            gate_skipped: true,
            ..outcome(edit, OutcomeStatus::Applied)
        },
        None => {
            let parent = parent(commit, entry, input, execution)?;
            let before = execution.ledger().harness_at(&parent, input.select)?;
            let committed = execution.ledger().harness_at(commit, input.select)?;
            let files = (&before, &committed);
            let decided = judged(edit, files, input, execution, head)?;
            if entry.is_some()
                && hooks::is_unjudged(edit, commit, files, input, head)
                && let Some(refused) = hooks::undo_if_lost(edit, &decided, files, input, execution, head)?
            {
                return Ok(refused);
            }
            // Whatever the gate says now, a person has the edit in the history.
            Outcome {
                gate_skipped: decided.gate_skipped || decided.status != OutcomeStatus::Applied,
                ..decided
            }
        }
    };
    Ok(Outcome {
        commit: Some(commit.to_owned()),
        applied_at: Some(signature.at),
        error: None,
        ..evidence
    }
    .with_status(OutcomeStatus::Applied))
}

/// Whether an outcome holds the evidence on which its edit was applied earlier.
pub(super) fn has_evidence(known: &Outcome) -> bool {
    matches!(known.status, OutcomeStatus::RolledBack | OutcomeStatus::Stranded)
}

/// The evidence on which the edit was applied earlier: its outcome, or an older version of that in git.
fn recorded(edit: &Edit, input: &ExecuteInput, execution: &ExecuteContext) -> Result<Option<Outcome>, RunError> {
    if let Some(known) = input.known(edit).filter(has_evidence) {
        return Ok(Some(known));
    }
    let path = execution.context.session.outcome_path(edit.digest());
    for entry in execution.ledger().versions(&path)?.into_iter().rev() {
        let text = execution.ledger().text_at(&entry.commit, &path)?;
        let outcome = text.and_then(|text| Outcome::from_text(Path::new(&path), &text).ok());
        if let Some(applied) = outcome.filter(|outcome| outcome.status == OutcomeStatus::Applied) {
            return Ok(Some(applied));
        }
    }
    Ok(None)
}

/// The gate's decision about the commit of an edit, compared with the commit before it. The attempts are cached, so it
/// normally decides as it did before.
fn judged(
    edit: &Edit,
    (before, committed): (&Harness, &Harness),
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Outcome, RunError> {
    let present = std::mem::replace(&mut head.harness, before.clone());
    let evaluation = head.evaluation.take();
    let decided = decide(edit, committed, input, execution, head);
    head.harness = present;
    head.evaluation = evaluation;
    Ok(decided?.0)
}

/// The commit before that of an edit.
fn parent(
    commit: &str,
    entry: Option<&LedgerEntry>,
    input: &ExecuteInput,
    execution: &ExecuteContext,
) -> Result<String, RunError> {
    if let Some(parent) = entry.and_then(|entry| entry.parent.clone()) {
        return Ok(parent);
    }
    // A person brought the edit back, for example in a squash merge.
    let parent = execution.ledger().commit_named(&format!("{commit}^1"))?;
    Ok(parent.unwrap_or_else(|| input.gate.baseline.harness_commit.clone()))
}
