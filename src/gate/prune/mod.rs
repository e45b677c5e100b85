//! Retire: what becomes of an edit that was applied long ago, when the gate is asked whether it still helps. Pure.
//!
//! The gate compares the harness without the edit (before) with the present one (after). Its reason decides:
//!
//! | reason | means here | the edit |
//! |---|---|---|
//! | `improved` | the present harness is better with it | stays: it helps |
//! | `no_improvement` | what it aimed at scores no better with it | goes |
//! | `futile` | that it lifts anything by as much as `delta_min` has become unlikely | goes |
//! | `no_affected_target_task` | it changes no request of what it aimed at | goes |
//! | `regression` | it lifts what it aimed at, and a category falls by more than is tolerated: it would be refused today | goes |
//! | `harm` | the same, for a noisy student | goes |
//! | `inconclusive`, `overall_unproven` | the pairs ran out; nothing is refuted | stays: it cannot be told |
//! | `infrastructure` | too many pairs were lost | stays: it cannot be told |
//! | `no_budget` | there was nothing to decide with | stays: it cannot be told |
//!
//! Before an edit goes because its target no longer gains, the same is asked of all tasks together: what has come to
//! help elsewhere stays. Where every pair is a tie, the shorter harness wins: the edit goes, unless it makes the harness
//! shorter.

pub(crate) mod run;

use serde::Serialize;

use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::verdict::Decision;

/// What becomes of an edit that was asked about again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// It stays: it helps.
    Helps,
    /// It stays: whether it helps cannot be told.
    Unknown,
    /// It stays: nothing tells both apart, and the harness is shorter with it.
    Shorter,
    /// It goes: nothing tells both apart, and the harness is no longer without it.
    Tie,
    /// It goes: it no longer helps.
    NoHelp,
}

impl Fate {
    /// The fate of an edit for the gate's reason, the pairs, and how many bytes the harness is shorter without it.
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

    /// The same where means were compared, which give no reason that could be told apart.
    pub(crate) fn of_means(decision: Decision, tally: &Tally, saved: i64) -> Self {
        match decision {
            Decision::Accept => Fate::Helps,
            Decision::Undecided => Fate::Unknown,
            Decision::Reject => refused(tally, saved),
        }
    }

    /// Whether the edit goes.
    pub(crate) fn goes(self) -> bool {
        matches!(self, Fate::Tie | Fate::NoHelp)
    }

    /// A few words for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Fate::Helps => "stays: it helps",
            Fate::Unknown => "stays: it cannot be told",
            Fate::Shorter => "stays: nothing gains by it, and the harness is shorter with it",
            Fate::Tie => "goes: nothing gains by it",
            Fate::NoHelp => "goes: it no longer helps",
        }
    }
}

/// Whether the gate gave up on the target alone, so that all tasks together are still to be asked about.
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
            let goes = reason.decision() == Decision::Reject;
            assert_eq!(Fate::of(reason, &TIES, 5).goes(), goes, "{reason:?}");
        }
    }

    #[test]
    fn the_shorter_harness_wins_a_tie() {
        let ends: Vec<Fate> = [-1, 0, 1]
            .map(|saved| Fate::of(GateReason::NoImprovement, &TIES, saved))
            .into();
        assert_eq!(ends, [Fate::Shorter, Fate::Tie, Fate::Tie]);
        assert_eq!(Fate::of_means(Decision::Reject, &TIES, -1), Fate::Shorter);
        assert_eq!(Fate::of_means(Decision::Reject, &MIXED, -1), Fate::NoHelp);
        assert_eq!(
            Fate::of(GateReason::Inconclusive, &TIES, 1),
            Fate::Unknown,
            "ties that may not last"
        );
    }
}
