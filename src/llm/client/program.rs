//! Programs that call language models themselves: the spending that they report counts too.

use std::time::Duration;

use super::{LlmClient, Reservation};
use crate::artifact::Money;
use crate::artifact::egress::LlmRole;
use crate::artifact::spending::{Spending, Usage};
use crate::digest::Digest;
use crate::llm::model::AskError;
use crate::llm::{price, retry};

/// The usage that a program reports for an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReportedUsage {
    /// The model that the program used, or the program's name.
    pub model: String,
    /// Digest of the request to the program.
    pub request: Digest,
    /// Tokens; `None` if not reported.
    pub usage: Option<Usage>,
    /// Dollars; `None` if not reported.
    pub cost_usd: Option<Money>,
}

impl LlmClient {
    /// Reserves budget for one attempt of a program: the cost of the most expensive attempt so far. Before any attempt
    /// has finished, the cost is unknown, so the first one runs alone and reserves the whole remaining budget.
    ///
    /// # Errors
    /// The attempt may exceed the budget.
    pub(crate) fn begin_attempt(&self, program: &str) -> Result<Reservation<'_>, AskError> {
        self.reserve(|state| match (&state.unpriced, state.max_attempt_cost) {
            (Some(model), _) => (None, model.clone()),
            (None, Some(most_expensive)) => (Some(most_expensive), program.to_owned()),
            (None, None) => {
                let whole = state.account.left(&self.limits(state)).unwrap_or_default();
                (Some(whole), program.to_owned())
            }
        })
    }

    /// Logs the cost of an attempt, releases its reservation, and returns the cost. If the program reports no cost, it
    /// is computed from the tokens where their price is known, and is unknown otherwise.
    pub(crate) fn end_attempt(&self, role: LlmRole, reported: ReportedUsage, reserved: Reservation) -> Option<Money> {
        let price = price::of(&reported.model, &self.prices);
        let priced = price
            .zip(reported.usage)
            .map(|(price, usage)| price::cost(&price, &usage));
        let cost_usd = reported.cost_usd.or(priced);
        self.note_most_expensive(cost_usd.unwrap_or_default());
        if cost_usd.is_none() && reported.usage.is_some() {
            self.state().unpriced = Some(reported.model.clone());
        }
        let line = Spending {
            at: self.clock.stamp(),
            role,
            model: reported.model,
            request: reported.request,
            usage: reported.usage,
            cost_usd,
            estimated_usd: None,
            free: false,
            cut_off: false,
        };
        self.note_spending(&line, reserved);
        cost_usd
    }

    /// The pause before another attempt after a service failed; `None` after the last attempt. `asked`: the time that
    /// the service asks to wait, if it states one.
    pub(crate) fn pause_after(&self, asked: Option<Duration>, attempt: u32) -> Option<Duration> {
        let network = &self.network;
        let most = Duration::from_secs(network.max_wait_seconds);
        retry::pause(asked, attempt, network.attempts, most, crate::sys::clock::chance())
    }

    fn note_most_expensive(&self, cost_usd: Money) {
        let mut state = self.state();
        state.max_attempt_cost = Some(state.max_attempt_cost.unwrap_or_default().max(cost_usd));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::client::spent;
    use crate::manifest::Manifest;
    use crate::sys::clock::Clock;
    use crate::sys::disk::{OWN_FOLDER, Root};

    fn reported(cost_usd: Option<f64>, usage: Option<Usage>) -> ReportedUsage {
        ReportedUsage {
            model: "gpt-4o".into(),
            request: Digest::of_bytes(b""),
            usage,
            cost_usd: cost_usd.and_then(Money::from_usd),
        }
    }

    fn limited(folder: &std::path::Path) -> std::sync::Arc<LlmClient> {
        let manifest = Manifest::parse("kaizen.toml".as_ref(), "[session]\nmax_cost_usd = 1.0").unwrap();
        let redactor = crate::llm::redact::Redactor::default();
        let root = Root::open(folder).unwrap();
        LlmClient::new(
            &manifest,
            redactor,
            &root,
            Clock::from_environment().unwrap(),
            crate::sys::consent::Approvals::of_a_test(),
        )
    }

    #[test]
    fn tokens_without_a_price_end_what_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let calls = limited(folder.path());
        let reserved = calls.begin_attempt("agent").unwrap();
        let unpriced = ReportedUsage {
            model: "nobody-knows".into(),
            ..reported(None, Some(Usage::default()))
        };
        calls.end_attempt(LlmRole::Student, unpriced, reserved);
        let refused = calls.begin_attempt("agent");
        assert!(matches!(refused, Err(AskError::OverBudget(why)) if why.contains("[prices.\"nobody-knows\"]")));
    }

    #[test]
    fn the_first_attempt_goes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let calls = limited(folder.path());
        let first = calls.begin_attempt("agent").unwrap();
        let other = std::sync::Arc::clone(&calls);
        let second = std::thread::spawn(move || other.begin_attempt("agent").map(|second| second.amount.usd()));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!second.is_finished(), "the cost of an attempt is not known yet");
        calls.end_attempt(LlmRole::Student, reported(Some(0.4), None), first);
        assert_eq!(second.join().unwrap(), Ok(0.4), "the cost is known now");
    }

    #[test]
    fn what_a_program_spends_counts_against_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let calls = limited(folder.path());
        let attempt = |cost, usage| {
            let reserved = calls.begin_attempt("agent")?;
            calls.end_attempt(LlmRole::Student, reported(cost, usage), reserved);
            Ok::<_, AskError>(())
        };
        attempt(None, None).unwrap();
        attempt(Some(0.4), None).unwrap();
        let tokens = Usage {
            input: 10,
            ..Usage::default()
        };
        attempt(None, Some(tokens)).unwrap();
        let lines = spent(&Root::open(folder.path()).unwrap(), std::path::Path::new(OWN_FOLDER)).unwrap();
        assert_eq!(
            (lines.len(), lines[0].cost_usd),
            (3, None),
            "an unreported cost is unknown"
        );
        assert!(
            lines[2]
                .cost_usd
                .is_some_and(|cost| cost > Money::ZERO && cost.usd() < 0.01),
            "priced by its tokens"
        );
        attempt(Some(0.3), None).unwrap();
        assert!(matches!(attempt(Some(0.4), None), Err(AskError::OverBudget(why)) if why.contains("agent")));
        assert!(calls.halted().is_some());
    }
}
