//! The statistics of an audit: compares two harnesses by pairs of runs, over all tasks and per category. Pure.
//!
//! A task whose request is the same under both harnesses is an exact tie and is not run. If the student is noisy, the
//! tasks are fixed and the runs are random: the interval of the tasks that ran is scaled to all tasks. If the tasks are
//! a sample, the choice of the tasks is random: tasks that did not run count as ordinary ties.

pub(crate) mod level;
pub(crate) mod run;

use std::collections::BTreeMap;

use serde::Serialize;

use self::level::{ScoreLevels, levels};
use super::evidence::{log_e_above, log_e_below};
use super::rule::TOLERANCE;
use crate::artifact::gate::numbers::{GAMMA, Tally};
use crate::artifact::gate::record::{Pair, ReachedTask};
use crate::gate::evidence::interval;

/// The largest multiple of the runs made so far that [`times`] considers.
const MOST_TIMES: usize = 32;

/// What the runs are evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Basis {
    /// The student is deterministic: the change on these tasks is a fact.
    Fact,
    /// The tasks are a sample, and each ran once.
    Sample,
    /// The student is noisy: pairs of runs.
    Runs,
}

/// The result of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditFinding {
    /// The mean rose.
    Gained,
    /// The mean fell.
    Fell,
    /// The mean is the same, as a fact.
    Unchanged,
    /// The runs do not decide it.
    Unknown,
}

/// The change of some tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ScoreChange {
    /// The number of tasks.
    pub tasks: usize,
    /// The number of tasks whose request differs.
    pub reached: usize,
    /// Pairs that gained, lost and tied.
    #[serde(flatten)]
    pub tally: Tally,
    /// Mean change over all these tasks, -1 to 1; null if every pair was lost.
    pub mean: Option<f64>,
    /// Confidence interval of the mean, valid at every moment.
    pub interval: [f64; 2],
    /// The scores before and after of the tasks whose request differs, with intervals at the same confidence; absent if no
    /// pair has both scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<ScoreLevels>,
}

/// The input of an audit: pairs of runs under two harnesses, and their tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditPairs<'a> {
    /// The number of tasks per category.
    pub sizes: &'a BTreeMap<String, usize>,
    /// The tasks whose request differs.
    pub reached: &'a [ReachedTask],
    /// All pairs, in the order of the schedule.
    pub pairs: &'a [Pair],
    /// What the pairs are evidence of.
    pub basis: Basis,
    /// The largest share of pairs that may be lost to infrastructure failures, 0 to 1.
    pub max_infra_share: f64,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AuditResult {
    /// What the runs are evidence of.
    pub basis: Basis,
    /// The result.
    pub finding: AuditFinding,
    /// The change over all tasks, with a 90 % interval.
    pub overall: ScoreChange,
    /// The change per category; the intervals hold jointly at 90 %.
    pub categories: BTreeMap<String, ScoreChange>,
    /// The categories that fell.
    pub fallen: Vec<String>,
    /// The number of pairs that were lost to infrastructure failures.
    pub lost: usize,
    /// The multiple of the runs made so far that would decide, if further runs were like them; absent if the result is
    /// known or more runs would not help.
    pub times: Option<usize>,
}

/// Compares the two harnesses by their pairs.
pub(crate) fn audited(compared: &AuditPairs) -> AuditResult {
    let category: BTreeMap<&str, &str> = compared
        .reached
        .iter()
        .map(|reached| (reached.task.as_str(), reached.category.as_str()))
        .collect();
    let kept: Vec<(&str, f64)> = compared
        .pairs
        .iter()
        .filter_map(|pair| Some((*category.get(pair.task.as_str())?, pair.difference()?)))
        .collect();
    let all: Vec<f64> = kept.iter().map(|(_, difference)| *difference).collect();
    let gamma = GAMMA / compared.sizes.len().max(1) as f64;
    let one = |(name, tasks): (&String, &usize)| {
        let own = kept
            .iter()
            .filter(|(of, _)| of == name)
            .map(|(_, difference)| *difference);
        let reached = category.values().filter(|of| **of == name).count();
        let of_category = |pair: &&Pair| category.get(pair.task.as_str()).is_some_and(|of| *of == name);
        let change = ScoreChange {
            levels: levels(compared.pairs.iter().filter(of_category), gamma),
            ..change(&own.collect::<Vec<_>>(), (*tasks, reached), gamma, compared.basis)
        };
        (name.clone(), change)
    };
    let categories: BTreeMap<String, ScoreChange> = compared.sizes.iter().map(one).collect();
    let tasks = compared.sizes.values().sum();
    let overall = ScoreChange {
        levels: levels(compared.pairs.iter(), GAMMA),
        ..change(&all, (tasks, category.len()), GAMMA, compared.basis)
    };
    let lost = compared.pairs.len() - all.len();
    let too_many = lost as f64 > compared.max_infra_share * compared.pairs.len() as f64;
    let finding = if too_many {
        AuditFinding::Unknown
    } else {
        found(&overall, compared.basis)
    };
    let fell = |(name, change): (&String, &ScoreChange)| {
        (found(change, compared.basis) == AuditFinding::Fell).then(|| name.clone())
    };
    AuditResult {
        basis: compared.basis,
        finding,
        fallen: categories.iter().filter_map(fell).collect(),
        times: times(&all).filter(|_| finding == AuditFinding::Unknown && compared.basis == Basis::Runs && !too_many),
        overall,
        categories,
        lost,
    }
}

fn change(differences: &[f64], (tasks, reached): (usize, usize), gamma: f64, basis: Basis) -> ScoreChange {
    let share = reached as f64 / tasks.max(1) as f64;
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let interval = match basis {
        // No request differs, so the change is zero.
        _ if reached == 0 => [0.0, 0.0],
        Basis::Runs => interval(differences, gamma).map(|end| end * share),
        Basis::Fact | Basis::Sample => {
            let ties = std::iter::repeat_n(0.0, tasks.saturating_sub(reached));
            interval(&differences.iter().copied().chain(ties).collect::<Vec<_>>(), gamma)
        }
    };
    ScoreChange {
        tasks,
        reached,
        tally: Tally::of(differences),
        mean: match (reached, differences) {
            (0, _) => Some(0.0),
            (_, []) => None,
            _ => Some(mean * share),
        },
        interval,
        levels: None,
    }
}

fn found(change: &ScoreChange, basis: Basis) -> AuditFinding {
    let Some(mean) = change.mean else {
        return AuditFinding::Unknown;
    };
    let [low, high] = match basis {
        _ if change.reached == 0 => return AuditFinding::Unchanged,
        Basis::Fact if mean.abs() <= TOLERANCE => return AuditFinding::Unchanged,
        Basis::Fact => [mean, mean],
        Basis::Sample | Basis::Runs => change.interval,
    };
    match (low > 0.0, high < 0.0) {
        (true, _) => AuditFinding::Gained,
        (_, true) => AuditFinding::Fell,
        _ => AuditFinding::Unknown,
    }
}

/// The multiple of these runs that would decide, if further runs were like them.
fn times(differences: &[f64]) -> Option<usize> {
    let needed = (2.0 / GAMMA).ln();
    let tells = |times: &usize| {
        let thought: Vec<f64> = differences.repeat(*times);
        log_e_above(&thought, 0.0).max(log_e_below(&thought, 0.0)) >= needed
    };
    (2..=MOST_TIMES).find(tells)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two categories of ten tasks. Six of `a` and all of `b` are reached; `a` and `b` are their differences by round.
    fn compared(basis: Basis, a: &[f64], b: &[f64]) -> AuditResult {
        let reached = |category: &str, count: usize| {
            let one = |at: usize| ReachedTask {
                task: format!("{category}{at}"),
                category: category.to_owned(),
                baseline: None,
            };
            (0..count).map(one).collect::<Vec<_>>()
        };
        let reached = [reached("a", 6), reached("b", 10)].concat();
        let pair = |category: &str, of: usize, at: usize, difference: f64| Pair {
            task: format!("{category}{}", at % of),
            run: (at / of) as u32,
            x: difference.is_finite().then_some((1.0 + difference) / 2.0),
            y: difference.is_finite().then_some((1.0 - difference) / 2.0),
            confirmations: Vec::new(),
        };
        let of_a = a
            .iter()
            .enumerate()
            .map(|(at, difference)| pair("a", 6, at, *difference));
        let of_b = b
            .iter()
            .enumerate()
            .map(|(at, difference)| pair("b", 10, at, *difference));
        audited(&AuditPairs {
            sizes: &[("a".to_owned(), 10), ("b".to_owned(), 10)].into(),
            reached: &reached,
            pairs: &of_a.chain(of_b).collect::<Vec<_>>(),
            basis,
            max_infra_share: 0.05,
        })
    }

    #[test]
    fn a_category_that_fell_is_named_though_the_whole_gained() {
        let found = compared(Basis::Fact, &[-1.0, -1.0, 0.0, 0.0, 0.0, 0.0], &[1.0; 10]);
        assert_eq!(
            (found.finding, &found.fallen[..]),
            (AuditFinding::Gained, &["a".to_owned()][..])
        );
        let points = |change: &ScoreChange| change.mean.map(|mean| (100.0 * mean).round());
        assert_eq!(points(&found.overall), Some(40.0));
        assert_eq!(
            points(&found.categories["a"]),
            Some(-20.0),
            "the mean over all ten tasks, four of which are not reached"
        );
        let noisy = compared(Basis::Runs, &[-1.0; 24], &[1.0; 80]);
        assert_eq!(
            (noisy.finding, &noisy.fallen[..]),
            (AuditFinding::Gained, &["a".to_owned()][..])
        );
        let few = compared(Basis::Runs, &[-1.0; 3], &[0.0; 40]);
        assert!(
            few.fallen.is_empty(),
            "three losses are no evidence at 95 % for two categories"
        );
    }

    #[test]
    fn an_interval_over_all_tasks_is_that_of_the_reached_ones_scaled() {
        let found = compared(Basis::Runs, &[], &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        let own = interval(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0], GAMMA);
        assert_eq!(found.overall.interval, own.map(|end| end * (16.0 / 20.0)));
        assert_eq!(found.categories["a"].mean, None);
    }

    #[test]
    fn what_cannot_be_told_says_how_many_more_runs_would() {
        let one_win: Vec<f64> = [vec![1.0], vec![0.0; 9]].concat();
        let found = compared(Basis::Runs, &[0.0; 6], &one_win);
        assert_eq!((found.finding, found.times), (AuditFinding::Unknown, Some(7)));
        let even = compared(Basis::Runs, &[1.0, -1.0], &[0.0; 10]);
        assert_eq!((even.finding, even.times), (AuditFinding::Unknown, None));
        let sample = compared(Basis::Sample, &[0.0; 6], &one_win);
        assert_eq!(
            (sample.finding, sample.times),
            (AuditFinding::Unknown, None),
            "more runs of a task do not add tasks"
        );
    }

    #[test]
    fn a_fact_needs_no_evidence_and_nothing_reached_is_one() {
        let found = compared(Basis::Fact, &[0.0; 6], &[vec![1.0], vec![0.0; 9]].concat());
        assert_eq!(found.finding, AuditFinding::Gained);
        assert!(found.overall.interval[0] < 0.0, "a fact about these tasks only");
        let even = compared(Basis::Fact, &[1.0, -1.0, 0.0, 0.0, 0.0, 0.0], &[0.0; 10]);
        assert_eq!(even.finding, AuditFinding::Unchanged);
        let nothing = audited(&AuditPairs {
            sizes: &[("a".to_owned(), 10)].into(),
            reached: &[],
            pairs: &[],
            basis: Basis::Runs,
            max_infra_share: 0.05,
        });
        assert_eq!(
            (nothing.finding, nothing.overall.interval),
            (AuditFinding::Unchanged, [0.0, 0.0])
        );
    }

    #[test]
    fn too_many_lost_pairs_tell_nothing() {
        let found = compared(Basis::Fact, &[f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0], &[1.0; 10]);
        assert_eq!((found.lost, found.finding), (1, AuditFinding::Unknown));
    }
}
