//! The load of the client, for people who watch: its spending and limit, its repeated calls, and the pauses of servers.
#![allow(clippy::disallowed_methods)] // edge: the clock

use std::time::{Duration, Instant};

use super::LlmClient;
use crate::artifact::Money;

impl LlmClient {
    /// What the calls since the last [`Self::charge`] cost.
    pub(crate) fn spent(&self) -> Money {
        self.state().account.spent()
    }

    /// The largest amount that the calls since the last [`Self::charge`] may cost; `None` without a limit.
    pub(crate) fn largest_cost(&self) -> Option<Money> {
        self.limits(&self.state()).iter().map(|limit| limit.most).min()
    }

    /// How often calls had to be repeated since the last [`Self::charge`], and how long the longest pause of a server
    /// still lasts.
    pub(crate) fn retries(&self) -> (usize, Duration) {
        let (now, state) = (Instant::now(), self.state());
        let left = |until: &Instant| until.saturating_duration_since(now);
        (state.retries, state.paused.values().map(left).max().unwrap_or_default())
    }
}
