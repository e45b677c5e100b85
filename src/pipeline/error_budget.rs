//! The error budget of a session: as its file says, or a new one; in a loop it goes on where the last session ended.

use crate::artifact::Artifact;
use crate::artifact::error_budget::{ErrorBudget, FILE};
use crate::artifact::loop_record::{self, LoopRecord};
use crate::disk;
use crate::gate::BudgetMode;
use crate::session::{self, Session, SessionError};

use super::RunError;
use super::workspace::Workspace;

/// The budget of a session as it stands.
///
/// # Errors
/// Its file, or a file of the loop, cannot be read.
pub fn error_budget(workspace: &Workspace, session: &Session) -> Result<ErrorBudget, RunError> {
    if let Some(budget) = session.read::<ErrorBudget>(FILE)? {
        return Ok(budget);
    }
    let gate = &workspace.manifest.gate;
    let earlier = earlier_of_loop(workspace, session)?;
    let usual = match earlier {
        Some(_) => BudgetMode::Fdr,
        None => BudgetMode::Planned,
    };
    let (slots_before, accepted_before) = spent_before(&earlier.unwrap_or_default())?;
    Ok(ErrorBudget {
        version: 1,
        mode: gate.budget.unwrap_or(usual),
        alpha_session: gate.alpha_session,
        planned: 0,
        slots_before,
        accepted_before,
        slots: Vec::new(),
        extra: Default::default(),
    })
}

/// The sessions that the loop under way held before this one; `None` outside of a loop.
fn earlier_of_loop(workspace: &Workspace, session: &Session) -> Result<Option<Vec<Session>>, RunError> {
    let path = workspace.root.join(loop_record::FILE);
    let Some(text) = disk::read_text(&path)? else {
        return Ok(None);
    };
    let record = LoopRecord::from_text(&path, &text).map_err(SessionError::from)?;
    let begins_later = record
        .after_session_id
        .as_deref()
        .is_none_or(|before| session.id.as_str() > before);
    let is_step = record.steps.iter().any(|step| step.session == session.id);
    if !is_step && (record.stop_reason.is_some() || !begins_later) {
        return Ok(None);
    }
    let came_before =
        |earlier: &Session| earlier.id < session.id && record.steps.iter().any(|step| step.session == earlier.id);
    Ok(Some(
        session::all(&workspace.root)?.into_iter().filter(came_before).collect(),
    ))
}

/// Slots that were taken, and edits that the gate accepted for them.
fn spent_before(sessions: &[Session]) -> Result<(usize, usize), RunError> {
    let (mut slots, mut accepted) = (0, 0);
    for session in sessions {
        slots += session
            .read::<ErrorBudget>(FILE)?
            .map_or(0, |budget| budget.slots.len());
        accepted += session
            .outcomes()?
            .values()
            .filter(|outcome| outcome.is_won_bet())
            .count();
    }
    Ok((slots, accepted))
}
