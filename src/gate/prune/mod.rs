//! The decision of a prune: whether an edit that was applied earlier stays or goes, from the gate's reason. Pure.
//!
//! The gate compares the harness without the edit (before) with the present one (after). Its reason decides:
//!
//! | reason | means here | the edit |
//! |---|---|---|
//! | `improved` | the present harness is better with it | stays: it helps |
//! | `no_improvement` | its target does not score better with it | goes |
//! | `futile` | a gain of `delta_min` or more is unlikely | goes |
//! | `no_affected_target_task` | it changes no request of its target | goes |
//! | `regression` | its target gains, but a category falls by more than is tolerated | goes |
//! | `harm` | the same as `regression`, for a noisy student | goes |
//! | `inconclusive`, `overall_unproven` | the pairs ran out before the evidence was sufficient | stays: unknown |
//! | `infrastructure` | too many pairs were lost | stays: unknown |
//! | `no_budget` | no error budget was left | stays: unknown |
//!
//! Before an edit goes because its target no longer gains, the gate checks all tasks together: an edit that helps
//! elsewhere stays. If every pair is a tie, the shorter harness wins: the edit goes, unless it makes the harness
//! shorter.

pub(crate) mod run;

use serde::Serialize;

use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::verdict::GateDecision;

/// Whether a tested edit stays or goes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// It stays: it helps.
    Helps,
    /// It stays: the runs do not show whether it helps.
    Unknown,
    /// It stays: no score differs, and the harness is shorter with it.
    Shorter,
    /// It goes: no score differs, and the harness does not grow without it.
    Tie,
    /// It goes: it no longer helps.
    NoHelp,
}

impl Fate {
    /// The fate that follows from the gate's reason and the pairs; `saved`: the bytes by which the harness is shorter
    /// without the edit.
    pub(crate) fn of(reason: GateReason, tally: &Tally, saved: i64) -> Self {
        match reason {
            GateReason::Improved => Fate::Helps,
            GateReason::Inconclusive
            | GateReason::OverallUnproven
            | GateReason::Infrastructure
            | GateReason::NoBudget => Fate::Unknown,
            GateReason::Futile
            | GateReason::NoImprovement
            | GateReason::NoAffectedTargetTask
            | GateReason::Regression
            | GateReason::Harm => refused(tally, saved),
        }
    }

    /// The fate in mode `rule`, whose comparison of means gives a decision but no typed reason.
    pub(crate) fn of_means(decision: GateDecision, tally: &Tally, saved: i64) -> Self {
        match decision {
            GateDecision::Accept => Fate::Helps,
            GateDecision::Undecided => Fate::Unknown,
            GateDecision::Reject => refused(tally, saved),
        }
    }

    /// Whether the edit goes.
    pub(crate) fn goes(self) -> bool {
        matches!(self, Fate::Tie | Fate::NoHelp)
    }

    /// The fate in a few words, for users.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Fate::Helps => "stays: it helps",
            Fate::Unknown => "stays: the runs do not decide it",
            Fate::Shorter => "stays: it changes no score, and the harness is shorter with it",
            Fate::Tie => "goes: it changes no score",
            Fate::NoHelp => "goes: it no longer helps",
        }
    }
}

/// Whether the reason concerns the target alone, so that all tasks together have to be checked next.
pub(crate) fn only_of_the_target(reason: GateReason) -> bool {
    matches!(
        reason,
        GateReason::Futile | GateReason::NoImprovement | GateReason::NoAffectedTargetTask
    )
}

fn refused(tally: &Tally, saved: i64) -> Fate {
    match (tally.wins + tally.losses, saved) {
        (0, ..0) => Fate::Shorter,
        (0, _) => Fate::Tie,
        _ => Fate::NoHelp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIES: Tally = Tally {
        wins: 0,
        losses: 0,
        ties: 9,
    };
    const MIXED: Tally = Tally {
        wins: 1,
        losses: 2,
        ties: 6,
    };

    #[test]
    fn only_a_refusal_lets_an_edit_go() {
        for (reason, mixed) in [
            (GateReason::Improved, Fate::Helps),
            (GateReason::NoImprovement, Fate::NoHelp),
            (GateReason::Futile, Fate::NoHelp),
            (GateReason::NoAffectedTargetTask, Fate::NoHelp),
            (GateReason::Regression, Fate::NoHelp),
            (GateReason::Harm, Fate::NoHelp),
            (GateReason::Inconclusive, Fate::Unknown),
            (GateReason::OverallUnproven, Fate::Unknown),
            (GateReason::Infrastructure, Fate::Unknown),
            (GateReason::NoBudget, Fate::Unknown),
        ] {
            for saved in [-5, 0, 5] {
                assert_eq!(Fate::of(reason, &MIXED, saved), mixed, "{reason:?}");
            }
            let goes = reason.decision() == GateDecision::Reject;
            assert_eq!(Fate::of(reason, &TIES, 5).goes(), goes, "{reason:?}");
        }
    }

    #[test]
    fn the_shorter_harness_wins_a_tie() {
        let ends: Vec<Fate> = [-1, 0, 1]
            .map(|saved| Fate::of(GateReason::NoImprovement, &TIES, saved))
            .into();
        assert_eq!(ends, [Fate::Shorter, Fate::Tie, Fate::Tie]);
        assert_eq!(Fate::of_means(GateDecision::Reject, &TIES, -1), Fate::Shorter);
        assert_eq!(Fate::of_means(GateDecision::Reject, &MIXED, -1), Fate::NoHelp);
        assert_eq!(
            Fate::of(GateReason::Inconclusive, &TIES, 1),
            Fate::Unknown,
            "ties that may not last"
        );
    }
}
