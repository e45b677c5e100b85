//! Decides from tier, autonomy and a person's decision whether an edit goes to the gate, to a person, or nowhere. Pure.

use crate::artifact::decision::{ReviewAnswer, ReviewDecision};
use crate::artifact::edit::RiskTier;
use crate::artifact::record::Autonomy;

/// The route of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EditRoute {
    /// The gate decides about it.
    Gate,
    /// It is applied without asking the gate, because a person asked for that.
    GateSkipped,
    /// It is kept unless the gate rejects it, because a person asked for that.
    Keep,
    /// It waits for a person.
    Ask,
    /// It is not tried, for this reason.
    Skip(String),
    /// A person rejected it.
    RejectByUser,
}

/// The reason for skipping an edit of the manual tier.
pub(crate) const MANUAL_TIER: &str = "manual tier, requires explicit approval";

/// The route of an edit. A person's decision takes precedence over tier and autonomy.
pub(crate) fn route(tier: RiskTier, autonomy: Autonomy, decision: Option<&ReviewDecision>) -> EditRoute {
    match (
        decision.map(|decision| (decision.decision, decision.skip_gate, decision.keep)),
        autonomy,
        tier,
    ) {
        (Some((ReviewAnswer::Accept, true, _)), _, _) => EditRoute::GateSkipped,
        (Some((ReviewAnswer::Accept, false, true)), _, _) => EditRoute::Keep,
        (Some((ReviewAnswer::Accept, false, false)), _, _) => EditRoute::Gate,
        (Some((ReviewAnswer::Reject, ..)), _, _) => EditRoute::RejectByUser,
        (None, Autonomy::Manual, _) | (None, Autonomy::Tiered, RiskTier::Review) => EditRoute::Ask,
        (None, _, RiskTier::Manual) => EditRoute::Skip(MANUAL_TIER.to_owned()),
        (None, _, _) => EditRoute::Gate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_design() {
        use Autonomy::{Auto, Manual, Tiered};
        let skip = || EditRoute::Skip(MANUAL_TIER.to_owned());
        for (autonomy, tier, expected) in [
            (Auto, RiskTier::Auto, EditRoute::Gate),
            (Auto, RiskTier::Review, EditRoute::Gate),
            (Auto, RiskTier::Manual, skip()),
            (Tiered, RiskTier::Auto, EditRoute::Gate),
            (Tiered, RiskTier::Review, EditRoute::Ask),
            (Tiered, RiskTier::Manual, skip()),
            (Manual, RiskTier::Auto, EditRoute::Ask),
            (Manual, RiskTier::Review, EditRoute::Ask),
            (Manual, RiskTier::Manual, EditRoute::Ask),
        ] {
            assert_eq!(route(tier, autonomy, None), expected, "{autonomy:?} {tier:?}");
        }
    }

    #[test]
    fn a_decision_wins_over_the_table() {
        let decision = |answer: &str, skip: bool, keep: bool| {
            let decision = serde_json::json!({"decision": answer, "skip_gate": skip, "keep": keep});
            serde_json::from_value(decision).unwrap()
        };
        for (answer, skip, keep, expected) in [
            ("accept", false, false, EditRoute::Gate),
            ("accept", true, false, EditRoute::GateSkipped),
            ("accept", false, true, EditRoute::Keep),
            ("reject", false, true, EditRoute::RejectByUser),
        ] {
            for tier in [RiskTier::Auto, RiskTier::Review, RiskTier::Manual] {
                let decision = decision(answer, skip, keep);
                assert_eq!(route(tier, Autonomy::Tiered, Some(&decision)), expected);
            }
        }
    }
}
