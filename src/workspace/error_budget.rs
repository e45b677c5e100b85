//! The error budget of a session: from its file, or a new one. In a loop, it continues from the last session's budget.

use std::collections::BTreeMap;

use super::earlier_record::all_outcomes;
use crate::artifact::error_budget::{ErrorBudget, FILE, Slot};
use crate::artifact::gate::settings::BudgetMode;
use crate::artifact::loop_record::{self, LoopRecord};
use crate::artifact::{Artifact, ArtifactError};
use crate::digest::Digest;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::{Session, SessionError};

/// The present error budget of a session.
///
/// # Errors
/// Its file, or a file of the loop, cannot be read.
pub(crate) fn error_budget(workspace: &Workspace, session: &Session) -> Result<ErrorBudget, RunError> {
    if let Some(budget) = session.read::<ErrorBudget>(FILE)? {
        return Ok(checked(budget, session)?);
    }
    let gate = &workspace.manifest.gate;
    let earlier = earlier_of_loop(workspace, session)?;
    let usual = match earlier {
        Some(_) => BudgetMode::Fdr,
        None => BudgetMode::Planned,
    };
    let (slots_before, accepted_before) = spent_before(&earlier.unwrap_or_default())?;
    let slots = spent(session)?;
    let share = slots.first().map_or(0.0, |slot| gate.alpha_session() / slot.alpha);
    Ok(ErrorBudget {
        planned: share.round() as usize,
        slots_before,
        accepted_before,
        slots,
        ..ErrorBudget::unspent(gate.budget.unwrap_or(usual), gate.alpha_session())
    })
}

/// The spent part according to the records of decisions, so that deleting the file does not restore any budget.
fn spent(session: &Session) -> Result<Vec<Slot>, SessionError> {
    let mut slots: BTreeMap<(usize, Digest), Slot> = BTreeMap::new();
    for outcome in all_outcomes(session)? {
        let record = outcome.gate.as_ref();
        let stake = record.and_then(|record| record.stake.clone().zip(Some(record.comparison)));
        let Some((stake, comparison)) = stake.filter(|(stake, _)| stake.session.is_none()) else {
            continue;
        };
        let slot = Slot {
            slot: stake.slot,
            edit_id: outcome.edit_id,
            edit_digest: outcome.edit_digest,
            comparison,
            alpha: stake.alpha,
            carried: stake.carried,
        };
        slots.insert((slot.slot, comparison), slot);
    }
    Ok(slots.into_values().collect())
}

/// Refuses a budget with values outside 0 to 1, since a person may have edited the file.
fn checked(budget: ErrorBudget, session: &Session) -> Result<ErrorBudget, SessionError> {
    let is_chance = |alpha: f64| alpha.is_finite() && (0.0..1.0).contains(&alpha);
    let sound = is_chance(budget.alpha_session) && budget.slots.iter().all(|slot| is_chance(slot.alpha));
    match sound {
        true => Ok(budget),
        false => Err(ArtifactError::Invalid {
            path: session.path(FILE),
            problem: "alpha_session and every alpha must lie between 0 and 1; correct it, or delete the file: \
                      `kaizen run` recomputes what was spent from the outcomes"
                .to_owned(),
        }
        .into()),
    }
}

/// Whether a session is a step of the last loop.
///
/// # Errors
/// The loop's record cannot be read.
pub(crate) fn is_of_loop(workspace: &Workspace, session: &Session) -> Result<bool, RunError> {
    Ok(earlier_of_loop(workspace, session)?.is_some())
}

/// The earlier sessions of the running loop; `None` outside a loop.
fn earlier_of_loop(workspace: &Workspace, session: &Session) -> Result<Option<Vec<Session>>, RunError> {
    let path = workspace.root.join(loop_record::FILE);
    let Some(text) = workspace.root.read_text(&path)? else {
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
    Ok(Some(workspace.sessions()?.into_iter().filter(came_before).collect()))
}

/// The number of slots that earlier sessions used, and of edits that the gate accepted for them.
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
