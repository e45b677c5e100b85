//! Decides when a loop of sessions stops, after each session, from its score, its cost and its end. Pure.

use crate::artifact::Money;
use crate::artifact::loop_record::StopReason;
use crate::manifest::LoopSection;

/// The tolerance for floating-point errors of scores: 0.501 - 0.5 is not more than 0.001.
const NOISE: f64 = 1e-9;

/// The result of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SessionEnd {
    /// The gate score before the first edit.
    pub score_before: Option<f64>,
    /// The gate score after the last edit.
    pub score_after: Option<f64>,
    /// The cost; `None` if a part is unknown.
    pub cost_usd: Option<Money>,
    /// What the limit counts: the known costs, and the estimates of the others.
    pub counted_usd: Money,
    /// Whether it ended early because the loop's budget was spent.
    pub budget_spent: bool,
    /// Whether the session failed.
    pub failed: bool,
}

/// The progress of a loop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    /// The number of sessions so far.
    pub sessions: usize,
    /// The best score so far, including the score before the first session.
    pub best: Option<f64>,
    /// The number of consecutive sessions that did not raise the best score.
    pub standing_still: usize,
    /// What the limit counts of all sessions.
    pub counted_usd: Money,
    /// The number of sessions with an unknown price.
    pub unknown_costs: usize,
}

impl Progress {
    /// The cost in dollars; `None` if a price is unknown.
    pub(crate) fn total_cost_usd(&self) -> Option<Money> {
        (self.unknown_costs == 0).then_some(self.counted_usd)
    }
}

/// Adds one session, and decides whether it was the last. Of several stop reasons, a failure comes first, then
/// stagnation, then the budget.
pub(crate) fn progress_after(
    limits: &LoopSection,
    so_far: Progress,
    row: &SessionEnd,
) -> (Progress, Option<StopReason>) {
    let spent = paid(so_far, row);
    if row.budget_spent {
        return (spent, Some(StopReason::Budget));
    }
    if row.failed {
        return (spent, Some(StopReason::Failed));
    }
    let now = scored(limits, spent, row);
    let reason = if now.standing_still >= limits.stagnation_k {
        Some(StopReason::Stagnation)
    } else if now.counted_usd >= limits.max_total_cost_usd {
        Some(StopReason::Budget)
    } else {
        None
    };
    (now, reason)
}

fn paid(so_far: Progress, row: &SessionEnd) -> Progress {
    Progress {
        sessions: so_far.sessions + 1,
        counted_usd: so_far.counted_usd + row.cost_usd.unwrap_or(row.counted_usd),
        unknown_costs: so_far.unknown_costs + usize::from(row.cost_usd.is_none()),
        ..so_far
    }
}

/// Updates the best score. The score before the first session is the first to beat; if it is unknown, the score after
/// that session is.
fn scored(limits: &LoopSection, so_far: Progress, row: &SessionEnd) -> Progress {
    let best = so_far.best.or(row.score_before);
    let rises = |score: &f64| best.is_none_or(|best| score - best > limits.stagnation_eps + NOISE);
    match row.score_after.filter(rises) {
        Some(score) => Progress {
            best: Some(score),
            standing_still: 0,
            ..so_far
        },
        None => Progress {
            best,
            standing_still: so_far.standing_still + 1,
            ..so_far
        },
    }
}

/// Adds sessions in order, up to the first that stops the loop.
#[cfg(test)]
pub(crate) fn progress_after_all(
    limits: &LoopSection,
    rows: impl IntoIterator<Item = SessionEnd>,
) -> (Progress, Option<StopReason>) {
    let mut progress = Progress::default();
    for row in rows {
        let (next, reason) = progress_after(limits, progress, &row);
        progress = next;
        if reason.is_some() {
            return (progress, reason);
        }
    }
    (progress, None)
}

/// The dollars that the next session may spend: its own budget if it has one, but at most what the loop has left.
pub(crate) fn budget(own: Option<Money>, limits: &LoopSection, spent: Money) -> Money {
    let left = limits.max_total_cost_usd.less(spent);
    own.map_or(left, |own| own.min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(stagnation_k: usize) -> LoopSection {
        LoopSection {
            stagnation_k,
            max_total_cost_usd: usd(3.0),
            ..LoopSection::default()
        }
    }

    fn usd(usd: f64) -> Money {
        Money::from_usd(usd).unwrap()
    }

    fn row(score: f64, cost: f64) -> SessionEnd {
        SessionEnd {
            score_after: Some(score),
            cost_usd: Some(usd(cost)),
            ..SessionEnd::default()
        }
    }

    #[test]
    fn the_first_sessions_baseline_is_the_score_to_beat() {
        let first = |before| SessionEnd {
            score_before: before,
            ..row(0.5, 0.0)
        };
        let (known, reason) = progress_after_all(&limits(1), [first(Some(0.6)), row(0.7, 0.0)]);
        assert_eq!((known.best, known.sessions), (Some(0.6), 1));
        assert_eq!(reason, Some(StopReason::Stagnation));
        let (unknown, reason) = progress_after_all(&limits(1), [first(None)]);
        assert_eq!((unknown.best, unknown.standing_still, reason), (Some(0.5), 0, None));
    }

    #[test]
    fn slow_creeping_is_measured_from_the_best_and_noise_is_no_rise() {
        let rows = [row(0.5, 0.0), row(0.501, 0.0), row(0.5019, 0.0), row(0.503, 0.0)];
        let (progress, _) = progress_after_all(&limits(9), rows);
        assert_eq!((progress.best, progress.standing_still), (Some(0.503), 0));
        let (progress, _) = progress_after_all(&limits(9), rows[..2].iter().copied());
        assert_eq!((progress.best, progress.standing_still), (Some(0.5), 1));
    }

    #[test]
    fn a_failure_goes_first_and_counts_what_it_cost() {
        let failed = SessionEnd {
            failed: true,
            ..row(0.9, 5.0)
        };
        let (progress, reason) = progress_after_all(&limits(1), [row(0.5, 1.0), failed]);
        assert_eq!(reason, Some(StopReason::Failed));
        assert_eq!(
            (progress.best, progress.counted_usd, progress.sessions),
            (Some(0.5), usd(6.0), 2)
        );
    }

    #[test]
    fn an_unknown_price_is_not_nothing() {
        let unknown = SessionEnd {
            cost_usd: None,
            ..row(0.6, 0.0)
        };
        let (progress, reason) = progress_after_all(&limits(9), [row(0.5, 2.0), unknown]);
        assert_eq!((progress.total_cost_usd(), progress.counted_usd), (None, usd(2.0)));
        assert_eq!(reason, None, "what is known has not reached the limit");
        let (_, reason) = progress_after(&limits(9), progress, &row(0.7, 1.0));
        assert_eq!(reason, Some(StopReason::Budget), "what is known has");
        let estimated = SessionEnd {
            counted_usd: usd(1.0),
            ..unknown
        };
        let (progress, reason) = progress_after(&limits(9), progress, &estimated);
        assert_eq!(reason, Some(StopReason::Budget), "an estimate counts");
        assert_eq!(progress.total_cost_usd(), None);
    }

    #[test]
    fn a_session_that_the_budget_ended_did_not_fail() {
        let ended = SessionEnd {
            failed: true,
            budget_spent: true,
            ..row(0.5, 1.0)
        };
        assert_eq!(progress_after_all(&limits(1), [ended]).1, Some(StopReason::Budget));
    }

    #[test]
    fn budgets_are_clipped_to_what_is_left() {
        let limits = limits(1);
        for (own, spent, expected) in [
            (None, 0.0, 3.0),
            (Some(1.0), 0.0, 1.0),
            (Some(1.0), 2.5, 0.5),
            (None, 4.0, 0.0),
        ] {
            let left = budget(own.map(usd), &limits, usd(spent));
            assert_eq!(left, usd(expected), "{own:?} after {spent}");
        }
        let (_, reason) = progress_after_all(&limits, [0.1, 0.2].map(|score| row(score, 1.0)));
        assert_eq!(reason, None);
        let tenths = LoopSection {
            max_total_cost_usd: usd(1.0),
            ..limits
        };
        let rows = [row(0.1, 0.7), row(0.2, 0.1), row(0.3, 0.2)];
        assert_eq!(progress_after_all(&tenths, rows).1, Some(StopReason::Budget));
    }
}
