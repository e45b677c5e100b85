//! The breaker: a phase that runs on the same inputs again and again is in a loop with somebody, and is stopped.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::digest::Digest;

/// So many runs of one phase on the same inputs, within `WINDOW`, are one too many.
pub(crate) const MOST: usize = 5;
/// A person who puts a plan back every now and then is no loop.
const WINDOW: TimeDelta = TimeDelta::minutes(10);

/// When each phase ran on which inputs.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<BTreeMap<Digest, Vec<DateTime<Utc>>>>);

impl Breaker {
    /// Notes that a phase is about to run on these inputs; `false` when it must not.
    pub(crate) fn allows(&self, inputs: Digest, now: DateTime<Utc>) -> bool {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is over is forgotten, so that weeks of work do not pile up.
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
