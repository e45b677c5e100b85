//! States of all older sessions, computed in parallel because there may be thousands.

use serde::Serialize;

use crate::pipeline::context::{Context, Depth};
use crate::pipeline::freshness::{Freshness, StaleReason};
use crate::pipeline::state::{PhaseState, state};
use crate::workspace::session::Session;

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

/// The state of each session, in the given order, examined at `Depth::History`.
pub(crate) fn states(context: &Context, sessions: &[Session]) -> Vec<HistoryState> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = sessions.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = sessions
            .chunks(share)
            .map(|part| {
                (
                    part.len(),
                    scope.spawn(move || part.iter().map(|session| one(context, session)).collect()),
                )
            })
            .collect();
        let join = |(count, part): (usize, std::thread::ScopedJoinHandle<Vec<HistoryState>>)| {
            part.join().unwrap_or_else(|_| vec![HistoryState::Unreadable; count])
        };
        parts.into_iter().flat_map(join).collect()
    })
}

fn one(context: &Context, session: &Session) -> HistoryState {
    let context = Context {
        session,
        depth: Depth::History,
        ..*context
    };
    state(&context).map_or(HistoryState::Unreadable, |phases| of(&phases))
}

/// Derives a session's state from the states of its phases.
pub(crate) fn of(phases: &[PhaseState]) -> HistoryState {
    let reasons: Vec<&StaleReason> = phases.iter().flat_map(|(_, phase)| stale(phase)).collect();
    let blocked = phases
        .iter()
        .any(|(_, phase)| matches!(phase, Freshness::Blocked { .. }));
    if reasons.iter().any(|reason| **reason != StaleReason::NeverFinished) {
        HistoryState::Stale
    } else if blocked || !reasons.is_empty() {
        HistoryState::Unfinished
    } else {
        HistoryState::Settled
    }
}

fn stale(phase: &Freshness) -> &[StaleReason] {
    match phase {
        Freshness::Stale { reasons } => reasons,
        _ => &[],
    }
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
            assert_eq!(of(&phases), expected, "{phases:?}");
        }
    }
}
