//! Looks at all sessions of a workspace, because there may be thousands: reads only those without a valid seal, in
//! parallel, and seals those that are settled.

use std::borrow::Cow;

use serde::Serialize;

use crate::artifact::summary::{AppliedOutcome, SessionSummary};
use crate::digest::Digest;
use crate::pipeline::context::{Context, Depth};
use crate::pipeline::freshness::{Freshness, StaleReason};
use crate::pipeline::state::{PhaseState, state};
use crate::workspace::Workspace;
use crate::workspace::engines::Engines;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::seal_book::{SealBook, SessionFacts, SessionSeal, SessionStamps};
use crate::workspace::session::{self, Session, SessionError};

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HistoryState {
    /// Nothing is left to do.
    Settled,
    /// An input changed since it ran.
    Stale,
    /// It has not finished.
    Unfinished,
    /// Its files cannot be read.
    Unreadable,
}

impl HistoryState {
    /// Derives a session's state from the states of its phases.
    pub(crate) fn of(phases: &[PhaseState]) -> Self {
        let reasons: Vec<&StaleReason> = phases.iter().flat_map(|(_, phase)| stale(phase)).collect();
        let blocked = phases
            .iter()
            .any(|(_, phase)| matches!(phase, Freshness::Blocked { .. }));
        if reasons.iter().any(|reason| **reason != StaleReason::NeverFinished) {
            Self::Stale
        } else if blocked || !reasons.is_empty() {
            Self::Unfinished
        } else {
            Self::Settled
        }
    }
}

fn stale(phase: &Freshness) -> &[StaleReason] {
    match phase {
        Freshness::Stale { reasons } => reasons,
        _ => &[],
    }
}

/// A session, and what its seal or its files say.
pub(crate) struct SurveyedSession {
    /// The session.
    pub session: Session,
    /// Its state, examined at `Depth::History`.
    pub state: HistoryState,
    /// What is known if it is settled.
    facts: Option<SessionFacts>,
}

impl SurveyedSession {
    /// The session in one line; `None` if it has no record.
    ///
    /// # Errors
    /// The record cannot be read.
    pub(crate) fn summary(&self) -> Result<Option<Cow<'_, SessionSummary>>, SessionError> {
        if let Some(facts) = &self.facts {
            return Ok(Some(Cow::Borrowed(&facts.summary)));
        }
        let record = self.session.record()?;
        Ok(record.map(|record| Cow::Owned(SessionSummary::of(&record))))
    }

    /// The edits that were applied at some time; none if the outcomes cannot be read, which `verify` reports.
    pub(crate) fn applied(&self) -> Cow<'_, [AppliedOutcome]> {
        match &self.facts {
            Some(facts) => Cow::Borrowed(&facts.applied),
            None => Cow::Owned(AppliedOutcome::among(
                self.session.outcomes().unwrap_or_default().values(),
            )),
        }
    }
}

/// How a session was looked at.
enum Look<'b> {
    /// It is as it was when it was sealed.
    Sealed(&'b SessionSeal<'b>, SurveyedSession),
    /// It was read.
    Read(Option<SessionSeal<'b>>, SurveyedSession),
}

/// All sessions, oldest first. Lists read the newest one themselves, because it is the one that people work on.
///
/// # Errors
/// The sessions cannot be listed.
pub(crate) fn survey(
    workspace: &Workspace,
    inputs: &Inputs,
    engines: &Engines,
) -> Result<Vec<SurveyedSession>, RunError> {
    let names = workspace.session_names()?;
    let text = SealBook::text(&workspace.root);
    let book = SealBook::of_text(&text, Digest::of_value(&workspace.manifest.phases()));
    let look = |name: &String| -> Result<Option<Look>, RunError> {
        if let Some(seal) = book.valid(&workspace.root, name)
            && let Some(facts) = seal.facts()
        {
            let surveyed = SurveyedSession {
                session: Session::at(&workspace.root, name),
                state: HistoryState::Settled,
                facts: Some(facts),
            };
            return Ok(Some(Look::Sealed(seal, surveyed)));
        }
        let session = session::find(&workspace.root, name)?;
        Ok(session.map(|session| read(workspace, inputs, engines, session)))
    };
    let looks = in_parallel(&names, &look).into_iter().filter_map(Result::transpose);
    let looks = looks.collect::<Result<Vec<Look>, _>>()?;
    let seals = looks.iter().filter_map(|look| match look {
        Look::Sealed(seal, _) => Some(*seal),
        Look::Read(seal, _) => seal.as_ref(),
    });
    let seals: Vec<&SessionSeal> = seals.collect();
    let is_new = |look: &Look| matches!(look, Look::Read(Some(_), _));
    if seals.len() != book.count() || looks.iter().any(is_new) {
        book.write(workspace, &seals);
    }
    let surveyed = looks.into_iter().map(|(Look::Read(_, one) | Look::Sealed(_, one))| one);
    let mut sessions: Vec<SurveyedSession> = surveyed.collect();
    if let Some(newest) = sessions.last_mut() {
        newest.facts = None;
    }
    Ok(sessions)
}

/// Applies a function to each item, in as many threads as there are processors; the results are in the given order.
pub(crate) fn in_parallel<I: Sync, T: Send>(items: &[I], one: &(dyn Fn(&I) -> T + Sync)) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<T>>()))
            .collect();
        let join = |part: std::thread::ScopedJoinHandle<Vec<T>>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.into_iter().flat_map(join).collect()
    })
}

/// Reads a session, and seals it if it is settled.
fn read<'b>(workspace: &Workspace, inputs: &Inputs, engines: &Engines, session: Session) -> Look<'b> {
    // Before the session is read, so that a later change gets other stamps.
    let stamps = SessionStamps::of(&workspace.root, &session.id);
    let context = Context {
        depth: Depth::History,
        ..Context::new(workspace, &session, inputs, engines)
    };
    let phases = state(&context);
    let state = phases
        .as_ref()
        .map_or(HistoryState::Unreadable, |phases| HistoryState::of(phases));
    // If all phases are fresh, neither the workspace nor git counts, only the session's own files and the manifest's phases.
    let is_fresh = |phases: &Vec<PhaseState>| phases.iter().all(|(_, phase)| matches!(phase, Freshness::Fresh { .. }));
    let facts = phases.ok().filter(is_fresh).and_then(|_| facts(&session));
    let seal = facts
        .as_ref()
        .zip(stamps)
        .and_then(|(facts, stamps)| stamps.seal(&session.id, facts));
    Look::Read(seal, SurveyedSession { session, state, facts })
}

/// What to remember about a settled session; `None` if it is not settled, or a file cannot be read.
fn facts(session: &Session) -> Option<SessionFacts> {
    let record = session.record().ok()?.filter(|record| record.status.is_settled())?;
    Some(SessionFacts {
        summary: SessionSummary::of(&record),
        applied: AppliedOutcome::among(session.outcomes().ok()?.values()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_outweighs_a_phase_that_never_ran() {
        let fresh = || Freshness::Fresh { edited: vec![] };
        let stale = |reason| Freshness::Stale { reasons: vec![reason] };
        let gone = || stale(StaleReason::WriteMissing { name: "a".into() });
        let blocked = || Freshness::Blocked {
            missing: vec!["a".into()],
        };
        let kept = || Freshness::Kept {
            reasons: vec![],
            edited: vec!["a".into()],
        };
        for (phases, expected) in [
            (vec![], HistoryState::Settled),
            (vec![fresh(), kept()], HistoryState::Settled),
            (
                vec![fresh(), stale(StaleReason::NeverFinished)],
                HistoryState::Unfinished,
            ),
            (vec![fresh(), blocked()], HistoryState::Unfinished),
            (
                vec![gone(), stale(StaleReason::NeverFinished), blocked()],
                HistoryState::Stale,
            ),
        ] {
            let phases: Vec<PhaseState> = phases.into_iter().map(|phase| ("x".to_owned(), phase)).collect();
            assert_eq!(HistoryState::of(&phases), expected, "{phases:?}");
        }
    }
}
