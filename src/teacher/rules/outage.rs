//! Notices that the student could not be run, so that no diagnosis or plan rests on scores that are missing.

use std::sync::{Mutex, PoisonError};

use crate::artifact::evaluation::{Attempt, ScoredAttempt};
use crate::teacher::{Briefing, TeacherFailure, for_any_tasks};

/// Calls `use_it` with the briefing.
///
/// # Errors
/// In some run of the student, every attempt was lost to the infrastructure.
pub(super) fn unless_out<T>(briefing: &Briefing, use_it: impl FnOnce(&Briefing) -> T) -> Result<T, TeacherFailure> {
    let outage = Mutex::new(None);
    let run = for_any_tasks(|harness, tasks| {
        let attempted = (briefing.run_student)(harness, tasks);
        if let Some(reason) = common_outage(&attempted) {
            outage
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(reason);
        }
        attempted
    });
    let made = use_it(&Briefing {
        run_student: &run,
        ..*briefing
    });
    match outage.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(reason) => Err(format!("the student cannot be run: {reason}").into()),
        None => Ok(made),
    }
}

/// Why none of these attempts has a score; `None` if one has, or if a server refuses one. A single attempt shows nothing: a
/// server may fail over one odd request.
fn common_outage(attempted: &[ScoredAttempt]) -> Option<String> {
    if attempted.len() < 2 {
        return None;
    }
    let is_out = |one: &ScoredAttempt| one.score.is_none() && matches!(one.attempt, Attempt::Infra { .. });
    let first = attempted.first()?.attempt.unscored()?;
    attempted.iter().all(is_out).then(|| first.to_owned())
}
