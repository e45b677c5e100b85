//! Stops an evaluation whose attempts keep failing for a reason that would make the next attempt fail too.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::artifact::evaluation::Attempt;

/// The number of such attempts after which no further ones are made.
const MOST: usize = 6;

/// The failures so far, shared by the threads of an evaluation.
#[derive(Default)]
pub(super) struct FailureStreak(Mutex<StreakState>);

#[derive(Default)]
struct StreakState {
    /// Whether some attempt has a result of the agent.
    answered: bool,
    /// The number of infrastructure failures in a row.
    infra: usize,
    /// The number of refused requests.
    refused: usize,
    /// Why the attempts that stopped it failed.
    stopped: Option<String>,
}

impl FailureStreak {
    /// `answered`: whether some attempts are remembered.
    pub(super) fn new(answered: bool) -> Self {
        Self(Mutex::new(StreakState {
            answered,
            ..StreakState::default()
        }))
    }

    /// Notes an attempt.
    ///
    /// Once a server has answered a request, its refusals concern the content of others and do not stop the evaluation.
    pub(super) fn note(&self, attempt: &Attempt) {
        let mut state = self.state();
        match attempt {
            Attempt::Answered { .. } | Attempt::Failed { .. } => (state.answered, state.infra) = (true, 0),
            Attempt::Infra { .. } => state.infra += 1,
            Attempt::Refused { .. } => state.refused += 1,
        }
        let stops = state.infra >= MOST || (state.refused >= MOST && !state.answered);
        if let Some(reason) = attempt.unscored().filter(|_| stops && state.stopped.is_none()) {
            state.stopped = Some(reason.to_owned());
        }
    }

    /// Why no further attempts are made.
    pub(super) fn stopped(&self) -> Option<String> {
        let reason = self.reason()?;
        Some(format!("{reason} ({MOST} attempts in a row)"))
    }

    /// Why the attempts that stopped it failed; the ones after them have the same reason.
    pub(super) fn reason(&self) -> Option<String> {
        self.state().stopped.clone()
    }

    fn state(&self) -> MutexGuard<'_, StreakState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason why none of these attempts has a result of the agent, with the number of attempts that share it; `None`
/// if one has a result, or for an empty list.
pub(super) fn common_reason(attempts: &[Option<Attempt>]) -> Option<String> {
    let reasons: Vec<&str> = attempts
        .iter()
        .flatten()
        .map(Attempt::unscored)
        .collect::<Option<_>>()?;
    let (most, times) = most_frequent(&reasons)?;
    Some(format!("{most} ({times} of {} attempts)", attempts.len()))
}

/// The most frequent of these reasons, and how often it occurs; `None` for an empty list.
pub(crate) fn most_frequent<R: AsRef<str>>(reasons: &[R]) -> Option<(&str, usize)> {
    let times = |reason: &str| reasons.iter().filter(|other| other.as_ref() == reason).count();
    let counted = reasons.iter().map(|reason| (reason.as_ref(), times(reason.as_ref())));
    counted.max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(kind: char) -> Attempt {
        let reason = "why".to_owned();
        match kind {
            'a' => Attempt::Answered {
                answer: String::new(),
                model: None,
                tool: None,
                used: None,
            },
            'f' => Attempt::Failed { reason },
            'i' => Attempt::Infra { reason },
            _ => Attempt::Refused { reason },
        }
    }

    #[test]
    fn six_outages_in_a_row_stop_it_and_refusals_only_if_nothing_is_answered() {
        for (attempts, stops) in [
            ("iiiiii", true),
            ("iiiii", false),
            ("iiiiaii", false),
            ("iiifiiiiii", true),
            ("rrrrrr", true),
            ("arrrrrrrrr", false),
            ("rrrrrarrrr", false),
        ] {
            let streak = FailureStreak::new(false);
            attempts.chars().for_each(|kind| streak.note(&attempt(kind)));
            assert_eq!(streak.stopped().is_some(), stops, "{attempts}");
            let all: Vec<Option<Attempt>> = attempts.chars().map(|kind| Some(attempt(kind))).collect();
            assert_eq!(
                common_reason(&all).is_some(),
                !attempts.contains(['a', 'f']),
                "{attempts}"
            );
        }
        let streak = FailureStreak::new(true);
        (0..9).for_each(|_| streak.note(&attempt('r')));
        assert_eq!(streak.stopped(), None, "some answers are remembered");
    }
}
