//! Routing: who decides about an edit, by risk tier, autonomy and a person's decision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::edit::RiskTier;

/// How much a session may do without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// The gate decides about everything below the manual tier.
    Auto,
    /// The gate decides about the auto tier, a person is asked about the review tier.
    #[default]
    Tiered,
    /// A person is asked about every edit.
    Manual,
}

/// What a person said about an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Let the gate decide.
    Accept,
    /// Never apply it.
    Reject,
}

/// Where an edit goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// It is evaluated and gated.
    Gate,
    /// A person is asked.
    Ask,
    /// It is left out.
    Skip {
        /// Why, for people.
        reason: &'static str,
    },
    /// A person has said no.
    RejectByUser,
}

/// Routes one edit. A person's answer outranks tier and autonomy.
pub fn route(tier: RiskTier, autonomy: Autonomy, decision: Option<Answer>) -> Route {
    match (decision, autonomy, tier) {
        (Some(Answer::Accept), _, _) => Route::Gate,
        (Some(Answer::Reject), _, _) => Route::RejectByUser,
        (None, Autonomy::Manual, _) => Route::Ask,
        (None, _, RiskTier::Manual) => Route::Skip {
            reason: "manual tier, requires explicit approval",
        },
        (None, Autonomy::Tiered, RiskTier::Review) => Route::Ask,
        (None, _, _) => Route::Gate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_outranks_tier_and_autonomy() {
        for tier in [RiskTier::Auto, RiskTier::Review, RiskTier::Manual] {
            for autonomy in [Autonomy::Auto, Autonomy::Tiered, Autonomy::Manual] {
                assert_eq!(route(tier, autonomy, Some(Answer::Accept)), Route::Gate);
                assert_eq!(route(tier, autonomy, Some(Answer::Reject)), Route::RejectByUser);
            }
        }
    }

    #[test]
    fn the_manual_tier_is_asked_about_only_under_manual_autonomy() {
        assert_eq!(route(RiskTier::Manual, Autonomy::Manual, None), Route::Ask);
        assert!(matches!(
            route(RiskTier::Manual, Autonomy::Auto, None),
            Route::Skip { .. }
        ));
        assert_eq!(route(RiskTier::Review, Autonomy::Tiered, None), Route::Ask);
        assert_eq!(route(RiskTier::Review, Autonomy::Auto, None), Route::Gate);
    }
}
