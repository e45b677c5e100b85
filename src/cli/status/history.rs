//! History: whether each session of the past still stands, checked on all cores because there may be thousands.

use serde::Serialize;

use crate::pipeline::freshness::{Freshness, StaleReason};
use crate::pipeline::state::{PhaseState, View, state};
use crate::workspace::session::Session;

/// Whether a session stands as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Nothing is to be done.
    Settled,
    /// Something that it relies on changed since it ran.
    Stale,
    /// It never ran to its end.
    Unfinished,
    /// Its files cannot be read.
    Unreadable,
}

/// The state of each session, in the order given.
pub(crate) fn states(view: &View, sessions: &[Session]) -> Vec<State> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = sessions.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = sessions
            .chunks(share)
            .map(|part| {
                (
                    part.len(),
                    scope.spawn(move || part.iter().map(|session| one(view, session)).collect()),
                )
            })
            .collect();
        let join = |(count, part): (usize, std::thread::ScopedJoinHandle<Vec<State>>)| {
            part.join().unwrap_or_else(|_| vec![State::Unreadable; count])
        };
        parts.into_iter().flat_map(join).collect()
    })
}

fn one(view: &View, session: &Session) -> State {
    state(view, session).map_or(State::Unreadable, |phases| of(&phases))
}

/// The state of a session by the states of its phases.
pub(crate) fn of(phases: &[PhaseState]) -> State {
    let reasons: Vec<&StaleReason> = phases.iter().flat_map(|(_, phase)| stale(phase)).collect();
    let blocked = phases
        .iter()
        .any(|(_, phase)| matches!(phase, Freshness::Blocked { .. }));
    if reasons.iter().any(|reason| **reason != StaleReason::NeverFinished) {
        State::Stale
    } else if blocked || !reasons.is_empty() {
        State::Unfinished
    } else {
        State::Settled
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
            (vec![], State::Settled),
            (vec![fresh(), kept()], State::Settled),
            (vec![fresh(), stale(StaleReason::NeverFinished)], State::Unfinished),
            (vec![fresh(), blocked()], State::Unfinished),
            (vec![gone(), stale(StaleReason::NeverFinished), blocked()], State::Stale),
        ] {
            let phases: Vec<PhaseState> = phases.into_iter().map(|phase| ("x".to_owned(), phase)).collect();
            assert_eq!(of(&phases), expected, "{phases:?}");
        }
    }
}
