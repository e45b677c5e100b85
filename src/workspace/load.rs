//! The load of a run: attempts in flight, failures, spending, and servers that ask it to wait.

use serde::{Deserialize, Serialize};

use crate::artifact::{Money, counted};
use crate::eval::run::AttemptGauge;
use crate::llm::client::LlmClient;

/// What a run has in flight, and what it spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkLoad {
    /// Attempts in flight.
    pub in_flight: usize,
    /// Attempts without an answer so far, whoever failed.
    pub failed: usize,
    /// Dollars that language models cost so far, as far as it is known.
    pub spent_usd: Money,
    /// The largest amount that they may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_usd: Option<Money>,
    /// Calls that were repeated, because a server was busy or did not answer.
    pub retries: usize,
    /// Seconds until the run calls a server again that asked it to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
}

impl WorkLoad {
    /// The present load of this process.
    pub(super) fn of(calls: &LlmClient, gauge: &AttemptGauge) -> Self {
        let (retries, wait) = calls.retries();
        Self {
            in_flight: gauge.in_flight(),
            failed: gauge.failed(),
            spent_usd: calls.spent(),
            limit_usd: calls.largest_cost(),
            retries,
            wait_seconds: (!wait.is_zero()).then(|| wait.as_secs() + 1),
        }
    }

    /// Its parts that say something: `8 in flight, 2 failed, 0.42 of 5 USD`.
    pub(crate) fn words(&self) -> String {
        let mut parts = Vec::new();
        if self.in_flight > 0 {
            parts.push(format!("{} in flight", self.in_flight));
        }
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        parts.extend(self.money());
        parts.extend(self.waiting());
        parts.join(", ")
    }

    /// Dollars against the limit; `None` if nothing costs anything.
    pub(crate) fn money(&self) -> Option<String> {
        match self.limit_usd {
            Some(limit) => Some(format!("{} of {} USD", self.spent_usd, limit.usd())),
            None => (self.spent_usd > Money::ZERO).then(|| format!("{} USD", self.spent_usd)),
        }
    }

    /// What servers make the run wait for.
    pub(crate) fn waiting(&self) -> Option<String> {
        let repeated = format!("{} repeated", counted(self.retries, "call"));
        match self.wait_seconds {
            Some(seconds) => Some(format!("{repeated}, the next in {seconds} s")),
            None => (self.retries > 0).then_some(repeated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_something_is_shown() {
        let usd = |usd| Money::from_usd(usd).unwrap();
        for (load, words) in [
            (WorkLoad::default(), ""),
            (
                WorkLoad {
                    in_flight: 8,
                    failed: 2,
                    spent_usd: usd(0.42),
                    limit_usd: Some(usd(5.0)),
                    ..WorkLoad::default()
                },
                "8 in flight, 2 failed, 0.42 of 5 USD",
            ),
            (
                WorkLoad {
                    spent_usd: usd(0.5),
                    retries: 3,
                    wait_seconds: Some(12),
                    ..WorkLoad::default()
                },
                "0.50 USD, 3 calls repeated, the next in 12 s",
            ),
            (
                WorkLoad {
                    retries: 3,
                    ..WorkLoad::default()
                },
                "3 calls repeated",
            ),
        ] {
            assert_eq!(load.words(), words);
            let text = serde_json::to_string(&load).unwrap();
            assert_eq!(serde_json::from_str::<WorkLoad>(&text).unwrap(), load);
        }
    }
}
