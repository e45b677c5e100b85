//! Limits of spending, and the messages for reaching one.

use crate::artifact::Money;

/// The largest amount that the calls of one account may cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpendingLimit {
    /// The amount.
    pub most: Money,
    /// Whether a call of unknown price is refused.
    pub needs_prices: bool,
    /// The whole limit of the loop, if this is the part of it that is left.
    of_loop: Option<Money>,
}

impl SpendingLimit {
    /// `[session] max_cost_usd`, for one session or one run of a command.
    pub(crate) fn of_session(most: Money) -> Self {
        Self {
            most,
            needs_prices: true,
            of_loop: None,
        }
    }

    /// What a loop may still spend, of its limit `whole`.
    pub(crate) fn of_loop(left: Money, whole: Money, needs_prices: bool) -> Self {
        Self {
            most: left,
            needs_prices,
            of_loop: Some(whole),
        }
    }

    /// Whether this is a loop's limit.
    pub(crate) fn is_of_loop(&self) -> bool {
        self.of_loop.is_some()
    }

    /// The setting that sets the limit, and its value.
    fn setting(&self) -> String {
        match self.of_loop {
            None => format!("[session] max_cost_usd = {}", self.most.usd()),
            Some(whole) => format!("the {} USD that the loop has left of {} USD", self.most, whole.usd()),
        }
    }

    /// The refusal of a call because it may exceed the limit.
    pub(super) fn reached(&self, model: &str, estimate: Money, spent: Money) -> String {
        let remedy = match self.of_loop {
            None => "Raise max_cost_usd and run again",
            Some(_) => "Raise --max-total-cost-usd and run `kaizen loop` again",
        };
        format!(
            "the next call to `{model}` may cost {estimate} USD, but {spent} USD of {} is spent. {remedy}; paid answers \
            are kept",
            self.setting()
        )
    }

    /// The refusal of a call because its price is unknown.
    pub(super) fn unpriced(&self, model: &str) -> String {
        let name = match self.of_loop {
            None => "[session] max_cost_usd is set",
            Some(_) => "the loop has a limit",
        };
        format!(
            "the price of `{model}` is unknown, but {name}; add [prices.\"{model}\"] with input and output in dollars \
            per million tokens (0.0 for a model that you host)"
        )
    }
}
