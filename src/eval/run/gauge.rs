//! Counts the attempts in flight and those that failed, for people who watch a run.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::artifact::evaluation::Attempt;

/// The attempts of a process so far. The counts are for display only; no decision reads them.
#[derive(Debug, Default)]
pub struct AttemptGauge {
    in_flight: AtomicUsize,
    failed: AtomicUsize,
}

impl AttemptGauge {
    /// Counts an attempt while it is made, and whether it failed.
    pub(super) fn during(&self, attempt: impl FnOnce() -> Attempt) -> Attempt {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let _landing = Landing(&self.in_flight);
        let made = attempt();
        if !matches!(made, Attempt::Answered { .. }) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        made
    }

    /// The number of attempts in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// The number of attempts without an answer so far, whoever failed.
    pub(crate) fn failed(&self) -> usize {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Ends the flight of an attempt, even of one that panics.
struct Landing<'g>(&'g AtomicUsize);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_in_flight_until_it_ends_or_panics() {
        let gauge = AttemptGauge::default();
        let lost = || Attempt::Infra { reason: String::new() };
        gauge.during(|| {
            assert_eq!((gauge.in_flight(), gauge.failed()), (1, 0));
            lost()
        });
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            gauge.during(|| panic!("an expected panic"));
        }));
        assert!(panicked.is_err());
        assert_eq!((gauge.in_flight(), gauge.failed()), (0, 1));
    }
}
