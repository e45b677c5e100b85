//! A circuit breaker: stops a phase that runs again and again on the same inputs, because something keeps undoing its
//! work.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::digest::Digest;

/// The largest number of runs of a phase on the same inputs within `WINDOW`.
pub(crate) const MOST: usize = 5;
/// Runs outside this window are not counted, so that a user may restore a plan now and then.
const WINDOW: TimeDelta = TimeDelta::minutes(10);

/// The times at which a phase ran, by the digest of its inputs.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<BTreeMap<Digest, Vec<DateTime<Utc>>>>);

impl Breaker {
    /// Records that a phase is about to run on these inputs; `false` if it must not run.
    pub(crate) fn allows(&self, inputs: Digest, now: DateTime<Utc>) -> bool {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Drop old entries, so that they do not accumulate in a process that runs for weeks.
        runs.retain(|_, times| times.last().is_some_and(|last| now - *last < WINDOW));
        let times = runs.entry(inputs).or_default();
        times.retain(|time| now - *time < WINDOW);
        let allowed = times.len() < MOST;
        if allowed {
            times.push(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_run_within_the_window_is_refused() {
        let (breaker, start) = (Breaker::default(), DateTime::UNIX_EPOCH);
        let (one, other) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        let at = |minutes| start + TimeDelta::minutes(minutes);
        assert!((0..5).all(|minute| breaker.allows(one, at(minute))));
        assert!(!breaker.allows(one, at(5)));
        assert!(breaker.allows(other, at(5)));
        assert!(breaker.allows(one, at(11)));
        assert!((0..50).all(|hour| breaker.allows(one, at(60 * (hour + 1)))));
    }
}
