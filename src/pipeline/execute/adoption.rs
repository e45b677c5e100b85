//! Writes the outcome of an edit that git contains and that the records do not call applied.

use std::path::Path;

use super::head::SessionHead;
use super::verdict::decide;
use super::{ExecuteContext, ExecuteInput, hooks, outcome};
use crate::artifact::Artifact;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::ledger::port::{Ledger, LedgerEntry};
use crate::pipeline::execute::message::SKIPPED;
use crate::workspace::error::RunError;
use crate::workspace::session::OUTCOMES;

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
    let evidence = match recorded(edit, input, execution)? {
        Some(recorded) => recorded,
        None => match judged(edit, commit, input, execution, head)? {
            JudgedCommit::Kept(evidence) => evidence,
            JudgedCommit::Undone(refused) => return Ok(refused),
        },
    };
    Ok(Outcome {
        commit: Some(commit.to_owned()),
        applied_at: Some(signature.at),
        error: None,
        ..evidence
    }
    .with_status(OutcomeStatus::Applied))
}

/// Whether an outcome is that of an edit which was applied.
pub(super) fn has_evidence(known: &Outcome) -> bool {
    matches!(known.status, OutcomeStatus::RolledBack | OutcomeStatus::Stranded)
}

/// The evidence on which the edit was applied: in its outcome, if that says that it was, or in an earlier version of it
/// that git has.
fn recorded(edit: &Edit, input: &ExecuteInput, execution: &ExecuteContext) -> Result<Option<Outcome>, RunError> {
    if let Some(known) = input.known(edit).filter(has_evidence) {
        return Ok(Some(known));
    }
    let path = format!(
        "{}/{OUTCOMES}{}.json",
        execution.context.session.relative(),
        edit.digest()
    );
    for entry in execution.ledger().versions(&path)?.into_iter().rev() {
        let files = execution.ledger().harness_at(&entry.commit, &|file| file == path)?;
        let outcome = files
            .text(&path)
            .and_then(|text| Outcome::from_text(Path::new(&path), text).ok());
        if let Some(applied) = outcome.filter(|outcome| outcome.status == OutcomeStatus::Applied) {
            return Ok(Some(applied));
        }
    }
    Ok(None)
}

/// What becomes of a commit that the gate judged.
enum JudgedCommit {
    /// The commit stays.
    Kept(Outcome),
    /// A hook had changed it, the gate refused what the hook made of it, and it was reverted.
    Undone(Outcome),
}

/// The gate's decision about the commit of an edit. It decides as before, because every attempt is cached. If it decides
/// otherwise now, a person has the edit in the history whatever it says.
fn judged(
    edit: &Edit,
    commit: &str,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<JudgedCommit, RunError> {
    let entry = input.reconcile.entries.iter().find(|entry| entry.commit == commit);
    let skipped = Outcome {
        gate_skipped: true,
        ..outcome(edit, OutcomeStatus::Applied)
    };
    if entry.and_then(|entry| entry.trailer("Gate")) == Some(SKIPPED) {
        return Ok(JudgedCommit::Kept(skipped));
    }
    let parent = parent(commit, entry, input, execution)?;
    let (was, is) = (
        execution.ledger().harness_at(&parent, input.select)?,
        execution.ledger().harness_at(commit, input.select)?,
    );
    let now = std::mem::replace(&mut head.harness, was.clone());
    let known = head.evaluation.take();
    let decided = decide(edit, &is, input, execution, head);
    head.harness = now;
    head.evaluation = known;
    let decided = decided?.0;
    if entry.is_some()
        && hooks::is_unjudged(edit, commit, (&was, &is), input, head)
        && let Some(refused) = hooks::undo_if_lost(edit, &decided, (&was, &is), input, execution, head)?
    {
        head.harness = was;
        head.evaluation = None;
        return Ok(JudgedCommit::Undone(refused));
    }
    Ok(JudgedCommit::Kept(Outcome {
        gate_skipped: decided.gate_skipped || decided.status != OutcomeStatus::Applied,
        ..decided
    }))
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
