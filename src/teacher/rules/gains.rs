//! The gains that a search has measured, and which of them an edit leaves valid.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::candidate::CandidateChange;
use super::objective::Gain;
use crate::digest::Digest;

/// The gain of each measured change, by the change and the number of folds.
#[derive(Default)]
pub(crate) struct MeasuredGains(Mutex<BTreeMap<(Digest, usize), GainEntry>>);

struct GainEntry {
    agent: Option<String>,
    /// `None` if the change does not apply.
    gain: Option<Gain>,
}

impl MeasuredGains {
    /// The gain on the first `folds` folds: the one measured before, or that of `measure`.
    pub(crate) fn of(
        &self,
        change: &CandidateChange,
        folds: usize,
        measure: impl FnOnce() -> Option<Gain>,
    ) -> Option<Gain> {
        let key = (Digest::of_value(change), folds);
        if let Some(known) = self.entries().get(&key) {
            return known.gain;
        }
        let gain = measure();
        let agent = change.agent().map(str::to_owned);
        self.entries().insert(key, GainEntry { agent, gain });
        gain
    }

    /// Forgets every gain that `chosen` may have altered. Two agents answer different tasks, so an edit of one leaves the
    /// gains of the other as they are.
    pub(crate) fn forget_after(&mut self, chosen: &CandidateChange) {
        let untouched = |agent: &Option<String>| match (agent, chosen.agent()) {
            (Some(agent), Some(chosen)) => agent != chosen,
            _ => false,
        };
        let entries = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| untouched(&entry.agent));
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<(Digest, usize), GainEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
