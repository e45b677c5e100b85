//! Programs that ask language models themselves: what they say that they spent is counted as well.

use super::LlmClient;
use crate::artifact::egress::Role;
use crate::artifact::spending::Spending;
use crate::artifact::usage::Usage;
use crate::digest::Digest;
use crate::llm::model::AskError;
use crate::llm::price;

/// What a program says that an attempt took.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reported {
    /// The model that it asked, or its own name.
    pub model: String,
    /// Digest of what it was asked.
    pub request: Digest,
    /// Tokens; `None` when it does not say.
    pub usage: Option<Usage>,
    /// Dollars; `None` when it does not say.
    pub cost_usd: Option<f64>,
}

impl LlmClient {
    /// Leave for one attempt of a program, for which as much is set aside as the dearest one took so far. What an attempt takes
    /// only the first one tells: it goes alone, and has all that is left.
    ///
    /// # Errors
    /// It may go over the budget.
    pub(crate) fn begin_attempt(&self, program: &str) -> Result<f64, AskError> {
        self.reserve(|state| match (&state.unpriced, state.dearest_attempt) {
            (Some(model), _) => (None, model.clone()),
            (None, Some(dearest)) => (Some(dearest), program.to_owned()),
            (None, None) => {
                let whole = self.max_cost_usd.map(|most| state.account.left(most));
                (whole.or(Some(0.0)), program.to_owned())
            }
        })
    }

    /// Counts what an attempt took, and gives back what was set aside for it. What it does not say
    /// is unknown, and stands in the record as such; dollars are those of its tokens, where their price is known.
    pub(crate) fn end_attempt(&self, role: Role, reported: Reported, reserved: f64) {
        let price = price::of(&reported.model, &self.prices);
        let priced = price
            .zip(reported.usage)
            .map(|(price, usage)| price::cost(&price, &usage));
        let cost_usd = reported.cost_usd.or(priced);
        self.note_dearest(cost_usd.unwrap_or(0.0));
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
        };
        self.note_spending(&line, reserved);
    }

    fn note_dearest(&self, cost_usd: f64) {
        let mut state = self.state();
        state.dearest_attempt = Some(state.dearest_attempt.unwrap_or(0.0).max(cost_usd));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::client::spent;
    use crate::manifest::Manifest;
    use crate::sys::clock::Clock;
    use crate::sys::disk::{OWN_FOLDER, Root};

    fn reported(cost_usd: Option<f64>, usage: Option<Usage>) -> Reported {
        Reported {
            model: "gpt-4o".into(),
            request: Digest::of_bytes(b""),
            usage,
            cost_usd,
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
            Clock::from_environment(),
            crate::sys::consent::Approvals::of_a_test(),
        )
    }

    #[test]
    fn tokens_without_a_price_end_what_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let calls = limited(folder.path());
        let reserved = calls.begin_attempt("agent").unwrap();
        let unpriced = Reported {
            model: "nobody-knows".into(),
            ..reported(None, Some(Usage::default()))
        };
        calls.end_attempt(Role::Student, unpriced, reserved);
        let refused = calls.begin_attempt("agent");
        assert!(matches!(refused, Err(AskError::OverBudget(why)) if why.contains("[prices.\"nobody-knows\"]")));
    }

    #[test]
    fn the_first_attempt_goes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let calls = limited(folder.path());
        let first = calls.begin_attempt("agent").unwrap();
        let other = std::sync::Arc::clone(&calls);
        let second = std::thread::spawn(move || other.begin_attempt("agent"));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!second.is_finished(), "nobody knows yet what an attempt takes");
        calls.end_attempt(Role::Student, reported(Some(0.4), None), first);
        assert_eq!(second.join().unwrap(), Ok(0.4), "now one knows");
    }

    #[test]
    fn what_a_program_spends_counts_against_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let calls = limited(folder.path());
        let attempt = |cost, usage| {
            let reserved = calls.begin_attempt("agent")?;
            calls.end_attempt(Role::Student, reported(cost, usage), reserved);
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
            "what is not said is unknown"
        );
        assert!(
            lines[2].cost_usd.is_some_and(|cost| cost > 0.0 && cost < 0.01),
            "priced by its tokens"
        );
        attempt(Some(0.3), None).unwrap();
        assert!(matches!(attempt(Some(0.4), None), Err(AskError::OverBudget(why)) if why.contains("agent")));
        assert!(calls.halted().is_some());
    }
}
