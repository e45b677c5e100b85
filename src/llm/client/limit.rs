//! Limits of spending, and the messages for reaching one.

use crate::artifact::Money;

/// The largest amount that the calls of one account may cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpendingLimit {
    /// The amount.
    pub most: Money,
    /// Whether a call of unknown price is refused.
    pub needs_prices: bool,
    source: LimitSource,
}

/// Who set a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum LimitSource {
    /// `[session] max_cost_usd`.
    Session,
    /// A loop, of whose whole limit this is the part that is left.
    Loop(Money),
    /// `--max-cost-usd` of this command.
    Flag,
}

impl SpendingLimit {
    /// `[session] max_cost_usd`, for one session or one run of a command.
    pub(crate) fn of_session(most: Money) -> Self {
        Self {
            most,
            needs_prices: true,
            source: LimitSource::Session,
        }
    }

    /// `--max-cost-usd` of one command.
    pub(crate) fn of_flag(most: Money) -> Self {
        Self {
            most,
            needs_prices: true,
            source: LimitSource::Flag,
        }
    }

    /// What a loop may still spend, of its limit `whole`.
    pub(crate) fn of_loop(left: Money, whole: Money, needs_prices: bool) -> Self {
        Self {
            most: left,
            needs_prices,
            source: LimitSource::Loop(whole),
        }
    }

    /// Whether this is a loop's limit.
    pub(crate) fn is_of_loop(&self) -> bool {
        matches!(self.source, LimitSource::Loop(_))
    }

    /// The setting that sets the limit, and its value.
    fn setting(&self) -> String {
        match self.source {
            LimitSource::Session => format!("[session] max_cost_usd = {}", self.most.usd()),
            LimitSource::Loop(whole) => format!("the {} USD that the loop has left of {} USD", self.most, whole.usd()),
            LimitSource::Flag => format!("--max-cost-usd {}", self.most.usd()),
        }
    }

    /// The refusal of a call because it may exceed the limit.
    pub(super) fn reached(&self, model: &str, estimate: Money, spent: Money) -> String {
        let remedy = match self.source {
            LimitSource::Session => "Raise max_cost_usd and run again",
            LimitSource::Loop(_) => "Raise --max-total-cost-usd and run `kaizen loop` again",
            LimitSource::Flag => "Raise it and run again",
        };
        format!(
            "the next call to `{model}` may cost {estimate} USD, but {spent} USD of {} is spent. {remedy}; paid answers \
            are kept",
            self.setting()
        )
    }

    /// The refusal of a call because its price is unknown.
    pub(super) fn unpriced(&self, model: &str) -> String {
        let name = match self.source {
            LimitSource::Session => "[session] max_cost_usd is set",
            LimitSource::Loop(_) => "the loop has a limit",
            LimitSource::Flag => "--max-cost-usd is given",
        };
        format!(
            "the price of `{model}` is unknown, but {name}; add [prices.\"{model}\"] with input and output in dollars \
            per million tokens (0.0 for a model that you host)"
        )
    }
}
