//! The decision of a prune: whether an edit that was applied earlier stays or goes, from the gate's reason. Pure.
//!
//! The gate compares the harness without the edit (before) with the present one (after): first on the edit's target, as
//! in the session that applied it. If that does not show a gain, it compares all tasks together, without regard to
//! single categories. An edit goes only if that shows that the whole is no worse without it:
//!
//! | reason | means here | the edit |
//! |---|---|---|
//! | `improved` | the present harness is better with it | stays: it helps |
//! | `no_improvement` | the tasks together do not score better with it | goes |
//! | `futile` | a gain of `delta_min` or more is unlikely | goes, unless the mean is above 0 |
//! | `no_affected_target_task` | it changes no request | goes |
//! | `inconclusive`, `overall_unproven` | the pairs ran out before the evidence was sufficient | stays: unknown |
//! | `infrastructure` | too many pairs were lost | stays: unknown |
//! | `no_budget` | no error budget was left | stays: unknown |
//!
//! In mode `sample`, both harnesses run all gate tasks, and the interval of the edit's gain decides: the edit goes if the
//! interval ends below the margin of the manifest, and stays otherwise.
//!
//! If every pair is a tie, the shorter harness wins: the edit goes, unless it makes the harness shorter.

pub(crate) mod run;
mod worth;

use serde::Serialize;

use crate::artifact::counted;
use crate::artifact::gate::numbers::{TOLERANCE, Tally};
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::verdict::GateDecision;
use crate::artifact::holdout_use::EditWorth;
use crate::gate::words::{counts, points};

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
    /// The fate that follows from the gate's reason about all tasks, and from the differences of the pairs; `saved`: the
    /// bytes by which the harness is shorter without the edit.
    pub(crate) fn of(reason: GateReason, differences: &[f64], saved: i64) -> Self {
        match reason {
            GateReason::Improved => Fate::Helps,
            GateReason::Inconclusive
            | GateReason::OverallUnproven
            | GateReason::Infrastructure
            | GateReason::NoBudget
            | GateReason::Likely
            | GateReason::Open
            | GateReason::CategoryFell => Fate::Unknown,
            GateReason::Futile
            | GateReason::NoImprovement
            | GateReason::NoAffectedTargetTask
            | GateReason::Regression
            | GateReason::Harm
            | GateReason::Harmful
            | GateReason::NoEffect
            | GateReason::NoGain
            | GateReason::TooSmall
            | GateReason::NoHeadroom => match differences.iter().sum::<f64>() > TOLERANCE {
                true => Fate::Unknown,
                false => refused(&Tally::of(differences), saved),
            },
        }
    }

    /// The fate in mode `rule`, whose comparison of means gives a decision but no typed reason; `delta`: the change of
    /// the overall score that the edit makes.
    pub(crate) fn of_means(decision: GateDecision, delta: f64, tally: &Tally, saved: i64) -> Self {
        match decision {
            GateDecision::Accept => Fate::Helps,
            GateDecision::Undecided => Fate::Unknown,
            GateDecision::Reject if delta > TOLERANCE => Fate::Helps,
            GateDecision::Reject => refused(tally, saved),
        }
    }

    /// The fate in mode `sample`, from a complete run of both harnesses.
    pub(crate) fn of_worth(worth: &EditWorth, saved: i64) -> Self {
        let [low, high] = worth.interval;
        match (worth.wins + worth.losses, saved.signum()) {
            (0, 1) if worth.n > 0 => Fate::Tie,
            (0, -1) => Fate::Shorter,
            _ if high < worth.margin => Fate::NoHelp,
            _ if low > 0.0 => Fate::Helps,
            _ => Fate::Unknown,
        }
    }

    /// Whether the edit goes.
    pub(crate) fn goes(self) -> bool {
        matches!(self, Fate::Tie | Fate::NoHelp)
    }

    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fate::Helps => "helps",
            Fate::Unknown => "unknown",
            Fate::Shorter => "shorter",
            Fate::Tie => "tie",
            Fate::NoHelp => "no_help",
        }
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

/// Whether the target's trial leaves open whether the whole needs the edit, so that all tasks are compared next.
pub(crate) fn leaves_the_whole_open(reason: GateReason) -> bool {
    reason.decision() == GateDecision::Reject
}

/// What an edit is worth, in one line.
pub(crate) fn worth_words(worth: &EditWorth) -> String {
    let EditWorth { wins, losses, ties, .. } = *worth;
    format!(
        "{:+.1} points, {:.1} %: {} ({} in {})",
        100.0 * worth.gain,
        100.0 * worth.level,
        points(worth.interval),
        counts(&Tally { wins, losses, ties }),
        counted(worth.n, "task")
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
    use crate::digest::Digest;

    const TIES: [f64; 3] = [0.0; 3];
    const WORSE: [f64; 3] = [1.0, -1.0, -1.0];
    const BETTER: [f64; 3] = [1.0, 1.0, -1.0];

    #[test]
    fn only_a_refusal_without_a_gain_lets_an_edit_go() {
        for (reason, worse, better) in [
            (GateReason::Improved, Fate::Helps, Fate::Helps),
            (GateReason::NoImprovement, Fate::NoHelp, Fate::Unknown),
            (GateReason::Futile, Fate::NoHelp, Fate::Unknown),
            (GateReason::NoAffectedTargetTask, Fate::NoHelp, Fate::Unknown),
            (GateReason::Regression, Fate::NoHelp, Fate::Unknown),
            (GateReason::Harm, Fate::NoHelp, Fate::Unknown),
            (GateReason::Inconclusive, Fate::Unknown, Fate::Unknown),
            (GateReason::OverallUnproven, Fate::Unknown, Fate::Unknown),
            (GateReason::Infrastructure, Fate::Unknown, Fate::Unknown),
            (GateReason::NoBudget, Fate::Unknown, Fate::Unknown),
        ] {
            for saved in [-5, 0, 5] {
                assert_eq!(Fate::of(reason, &WORSE, saved), worse, "{reason:?}");
                assert_eq!(Fate::of(reason, &BETTER, saved), better, "{reason:?}");
            }
            let goes = reason.decision() == GateDecision::Reject;
            assert_eq!(Fate::of(reason, &TIES, 5).goes(), goes, "{reason:?}");
        }
    }

    fn worth(wins: usize, losses: usize, interval: [f64; 2]) -> EditWorth {
        let (gain, level, ties, margin) = (0.0, 0.9, 90, 0.05);
        let (n, harness, extra) = (wins + losses + ties, Digest::of_bytes(b"h"), Default::default());
        EditWorth {
            gain,
            interval,
            level,
            n,
            wins,
            losses,
            ties,
            margin,
            harness,
            extra,
        }
    }

    #[test]
    fn an_edit_goes_if_its_gain_is_surely_below_the_margin() {
        for (interval, fate) in [
            ([-0.03, 0.04], Fate::NoHelp),
            ([-0.09, -0.01], Fate::NoHelp),
            ([0.01, 0.04], Fate::NoHelp),
            ([-0.03, 0.05], Fate::Unknown),
            ([0.01, 0.06], Fate::Helps),
        ] {
            for saved in [-5, 0, 5] {
                assert_eq!(Fate::of_worth(&worth(4, 3, interval), saved), fate, "{interval:?}");
            }
        }
    }

    #[test]
    fn with_ties_only_an_edit_goes_if_the_harness_gets_shorter() {
        let wide = worth(0, 0, [-0.2, 0.2]);
        let fates: Vec<Fate> = [-5, 0, 5].map(|saved| Fate::of_worth(&wide, saved)).into();
        assert_eq!(fates, [Fate::Shorter, Fate::Unknown, Fate::Tie]);
        let narrow = worth(0, 0, [-0.02, 0.02]);
        let fates: Vec<Fate> = [-5, 0, 5].map(|saved| Fate::of_worth(&narrow, saved)).into();
        assert_eq!(fates, [Fate::Shorter, Fate::NoHelp, Fate::Tie]);
        let nothing = EditWorth { n: 0, ties: 0, ..wide };
        assert_eq!(Fate::of_worth(&nothing, 5), Fate::Unknown, "every run was lost");
    }

    #[test]
    fn the_shorter_harness_wins_a_tie() {
        let ends: Vec<Fate> = [-1, 0, 1]
            .map(|saved| Fate::of(GateReason::NoImprovement, &TIES, saved))
            .into();
        assert_eq!(ends, [Fate::Shorter, Fate::Tie, Fate::Tie]);
        let of_means =
            |delta, differences: &[f64]| Fate::of_means(GateDecision::Reject, delta, &Tally::of(differences), -1);
        assert_eq!(of_means(0.0, &TIES), Fate::Shorter);
        assert_eq!(of_means(-0.1, &WORSE), Fate::NoHelp);
        assert_eq!(
            of_means(0.1, &BETTER),
            Fate::Helps,
            "a category fell, but the whole gained"
        );
        assert_eq!(
            Fate::of(GateReason::Inconclusive, &TIES, 1),
            Fate::Unknown,
            "ties that may not last"
        );
    }
}
