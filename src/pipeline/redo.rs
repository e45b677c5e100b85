//! Makes a phase run again although nothing changed, for `--redo`.

use super::step;
use crate::artifact::record::{SessionRecord, SessionStatus};
use crate::artifact::{Artifact, after};
use crate::pipeline::state::was_planned;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, engines, session};

/// Makes a phase stale, and deletes the teacher's cached answers for it.
///
/// # Errors
/// A file of the session or the cache cannot be changed.
pub(super) fn begin_anew(workspace: &Workspace, session: &Session, phase: &str) -> Result<(), RunError> {
    begin_again(session)?;
    session.remove_checkpoint(phase)?;
    let forgotten = workspace.calls.forget(&step::scope(&session.id, phase));
    forgotten.map_err(RunError::Store)?;
    if matches!(phase, "baseline" | "record") {
        forget_scores(session)?;
    }
    forget(workspace, session, phase)
}

/// Marks a session as one that begins again, because after its first outcome it needs no checkpoint to be fresh.
fn begin_again(session: &Session) -> Result<(), RunError> {
    if let Some(record) = session.record()?.filter(was_planned) {
        let status = SessionStatus::Initiated;
        session.publish("session.json", &SessionRecord { status, ..record }.to_text())?;
    }
    Ok(())
}

/// Lets phase `record` measure the final score again.
fn forget_scores(session: &Session) -> Result<(), RunError> {
    session.withdraw(after::FILE)?;
    if let Some(record) = session.record()? {
        let unmeasured = SessionRecord {
            benchmark_before: None,
            benchmark_after: None,
            harness_after: None,
            ended_at: None,
            ..record
        };
        session.publish("session.json", &unmeasured.to_text())?;
    }
    Ok(())
}

/// Moves results of a phase to the attic before it is redone: of `execute`, the outcomes of edits that it then tries
/// again; of a phase whose output a person or an agent writes, that file.
fn forget(workspace: &Workspace, session: &Session, phase: &str) -> Result<(), RunError> {
    use crate::artifact::outcome::OutcomeStatus::{Applied, PendingReview, RejectedByUser, Stranded};
    if let Some(file) = engines::awaited(&workspace.manifest, session.record()?.as_ref(), phase) {
        session.withdraw(file)?;
    }
    if phase != "execute" {
        return Ok(());
    }
    for (digest, outcome) in session.outcomes()? {
        if !matches!(outcome.status, Applied | PendingReview | RejectedByUser | Stranded) {
            session.withdraw(&format!("{}{digest}.json", session::OUTCOMES))?;
        }
    }
    Ok(())
}
