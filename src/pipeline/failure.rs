//! The record of a session whose run failed, or found too little to work with.

use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::artifact::{Artifact, spending};
use crate::ledger::port::LedgerError;
use crate::llm::client;
use crate::pipeline::state::settled;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::{self, Session};

/// A session with outcomes keeps its record while an answer waits for gate tasks.
pub(super) fn end_without_outcomes(workspace: &Workspace, session: &Session, message: &str) -> Result<(), RunError> {
    match session.names(session::OUTCOMES)?.is_empty() {
        true => end_unready(workspace, session, message),
        false => Ok(()),
    }
}

fn end_unready(workspace: &Workspace, session: &Session, message: &str) -> Result<(), RunError> {
    let Some(record) = session.record()? else { return Ok(()) };
    if record.status != SessionStatus::Failed || record.error.as_deref() != Some(message) {
        let ended_at = Some(workspace.clock.stamp());
        let spending = spending::sums(&client::spent(session.root(), &session.path(""))?);
        let record = SessionRecord {
            status: SessionStatus::Failed,
            ended_at,
            teacher_cost_usd: if spending.is_empty() {
                record.teacher_cost_usd
            } else {
                spending::teacher_cost(&spending)
            },
            spending,
            error: Some(message.to_owned()),
            ..record
        };
        session.publish("session.json", &record.to_text())?;
    }
    Ok(())
}

/// Leaves a settled session settled when a later run of it fails: what it recorded stays, and the files of the phases
/// show what is left to do.
pub(super) fn keep_settled(session: &Session, before: SessionRecord) -> Result<(), RunError> {
    if let Some(record) = session.record()?.filter(|record| !settled(record)) {
        let kept = SessionRecord {
            status: before.status,
            ended_at: before.ended_at,
            error: before.error,
            ..record
        };
        session.publish("session.json", &kept.to_text())?;
    }
    Ok(())
}

pub(super) fn note(workspace: &Workspace, session: &Session, error: &RunError) -> Result<(), RunError> {
    let cannot_commit = {
        use LedgerError::{Detached, IgnoredRecord};
        matches!(
            error,
            RunError::Ledger(Detached | IgnoredRecord { .. }) | RunError::NoCommit
        )
    };
    if error.is_up_to_a_person() || cannot_commit {
        return Ok(());
    }
    end_unready(workspace, session, &error.to_string())
}
