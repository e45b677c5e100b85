//! Mode `rule`: accepts or rejects a candidate harness by the means of one evaluation of each arm.
//!
//! A delta is the difference of two sums of scores, over the tasks that are scored in both arms, divided once.
//! Comparisons have a tolerance, so that 0.75 to 0.70 and 0.50 to 0.45 are the same drop.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::evaluation::{Evaluation, TaskScore};
pub(super) use crate::artifact::gate::numbers::TOLERANCE;
use crate::artifact::gate::verdict::{GateDecision, GateRule, MeansDecision, RuleKind, Sums, TaskChange, Verdict};

/// The categories that fall by more than `max_regression`, with their deltas.
///
/// A category that is missing afterwards counts as 0; a new one is ignored.
#[cfg(test)]
pub(crate) fn regressions(
    before: &BTreeMap<String, f64>,
    after: &BTreeMap<String, f64>,
    max_regression: f64,
) -> BTreeMap<String, f64> {
    fallen(&deltas(before, after), max_regression)
}

/// Decides from means alone: the overall score and the score of each category, before and after.
#[cfg(test)]
pub(crate) fn decide_means(
    (overall_before, before): (f64, &BTreeMap<String, f64>),
    (overall_after, after): (f64, &BTreeMap<String, f64>),
    rule: &GateRule,
    target: Option<&str>,
) -> MeansDecision {
    decide_deltas(overall_after - overall_before, &deltas(before, after), rule, target)
}

/// Decides from two evaluations of the same benchmark.
pub fn decide(before: &Evaluation, after: &Evaluation, rule: &GateRule, target: Option<&str>) -> Verdict {
    let pairs = pairs(before, after);
    let ids: BTreeSet<&str> = before
        .tasks
        .iter()
        .chain(&after.tasks)
        .map(|task| task.task_id.as_str())
        .collect();
    let mut categories: BTreeMap<String, Sums> = BTreeMap::new();
    for pair in &pairs {
        categories
            .entry(pair.category.clone())
            .or_default()
            .add(pair.before, pair.after, 1);
    }
    let total = total(&categories);
    let count = |wanted: fn(f64) -> bool| pairs.iter().filter(|pair| wanted(pair.after - pair.before)).count();
    let (wins, losses) = (count(|delta| delta > TOLERANCE), count(|delta| delta < -TOLERANCE));
    let dropped = ids.len() - pairs.len();
    let MeansDecision { decision, reason } = decide_sums(&categories, dropped, rule, target);
    let share = |sum: f64| sum / total.count.max(1) as f64;
    Verdict {
        decision,
        reason,
        overall_delta: total.delta(),
        cluster_deltas: category_deltas(&categories),
        before: share(total.before),
        after: share(total.after),
        tasks: pairs.len(),
        wins,
        losses,
        ties: pairs.len() - wins - losses,
        dropped,
        changed: pairs.into_iter().filter(|pair| pair.before != pair.after).collect(),
        categories,
    }
}

/// Repeats the decision from the sums in a verdict.
pub(crate) fn recompute(verdict: &Verdict, rule: &GateRule, target: Option<&str>) -> MeansDecision {
    decide_sums(&verdict.categories, verdict.dropped, rule, target)
}

/// Recomputes every number of a verdict: the sums after the edit from the sums before it and the changed tasks, and
/// everything else from the sums. A verdict that nobody modified comes out the same, except for rounding.
pub(crate) fn restate(verdict: &Verdict) -> Verdict {
    let mut categories = verdict.categories.clone();
    categories.values_mut().for_each(|sums| sums.after = sums.before);
    for task in &verdict.changed {
        let sums = categories.entry(task.category.clone()).or_default();
        sums.after += task.after - task.before;
    }
    let total = total(&categories);
    let count = |wanted: fn(f64) -> bool| {
        verdict
            .changed
            .iter()
            .filter(|task| wanted(task.after - task.before))
            .count()
    };
    let (wins, losses) = (count(|delta| delta > TOLERANCE), count(|delta| delta < -TOLERANCE));
    let share = |sum: f64| sum / total.count.max(1) as f64;
    Verdict {
        overall_delta: total.delta(),
        cluster_deltas: category_deltas(&categories),
        before: share(total.before),
        after: share(total.after),
        tasks: total.count,
        wins,
        losses,
        ties: total.count.saturating_sub(wins + losses),
        categories,
        ..verdict.clone()
    }
}

fn decide_sums(
    categories: &BTreeMap<String, Sums>,
    dropped: usize,
    rule: &GateRule,
    target: Option<&str>,
) -> MeansDecision {
    let total = total(categories);
    let all = total.count + dropped;
    if total.count == 0 {
        return undecided("undecided: no task has a score in both evaluations".to_owned());
    }
    if dropped as f64 / all as f64 > rule.max_infra_share + TOLERANCE {
        return undecided(format!(
            "undecided: {dropped} of {all} tasks have no score for reasons of infrastructure, max_infra_share={:?}",
            rule.max_infra_share
        ));
    }
    decide_deltas(total.delta(), &category_deltas(categories), rule, target)
}

fn decide_deltas(overall: f64, deltas: &BTreeMap<String, f64>, rule: &GateRule, target: Option<&str>) -> MeansDecision {
    if !overall.is_finite() || deltas.values().any(|delta| !delta.is_finite()) {
        return undecided("undecided: a score is not a number".to_owned());
    }
    let aimed = target.filter(|_| rule.kind == RuleKind::Target);
    let gain = aimed.and_then(|name| deltas.get(name).map(|delta| (name, *delta)));
    let note = fallback(rule.kind, target, gain.is_some());
    let fallen = fallen(deltas, rule.max_regression);
    if !fallen.is_empty() {
        return reject(format!("regression in clusters: {}", worst_first(&fallen)), &note);
    }
    let (subject, delta) = match gain {
        Some((name, delta)) => (format!(" in target {name}"), delta),
        None => (String::new(), overall),
    };
    if delta <= rule.min_improvement + TOLERANCE {
        let minimum = rule.min_improvement;
        return reject(
            format!("no improvement{subject}: delta={delta:.4}, min_improvement={minimum:?}"),
            &note,
        );
    }
    MeansDecision {
        decision: GateDecision::Accept,
        reason: note,
    }
}

/// A note for the case that rule `target` cannot be applied and the overall score decides; empty otherwise.
fn fallback(kind: RuleKind, target: Option<&str>, known: bool) -> String {
    match (kind, target) {
        (RuleKind::Target, Some(name)) if !known => {
            format!("target {name} is not a category of the benchmark, judged by the overall score")
        }
        (RuleKind::Target, None) => "no target cluster, judged by the overall score".to_owned(),
        _ => String::new(),
    }
}

fn reject(reason: String, note: &str) -> MeansDecision {
    let reason = if note.is_empty() {
        reason
    } else {
        format!("{reason} ({note})")
    };
    MeansDecision {
        decision: GateDecision::Reject,
        reason,
    }
}

fn undecided(reason: String) -> MeansDecision {
    MeansDecision {
        decision: GateDecision::Undecided,
        reason,
    }
}

fn worst_first(fallen: &BTreeMap<String, f64>) -> String {
    let mut sorted: Vec<_> = fallen.iter().collect();
    sorted.sort_by(|one, two| one.1.total_cmp(two.1));
    let parts: Vec<_> = sorted
        .iter()
        .map(|(name, delta)| format!("{name}: {delta:.3}"))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
fn deltas(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let delta = |(name, score): (&String, &f64)| (name.clone(), after.get(name).copied().unwrap_or(0.0) - score);
    before.iter().map(delta).collect()
}

fn fallen(deltas: &BTreeMap<String, f64>, max_regression: f64) -> BTreeMap<String, f64> {
    let falls = |delta: f64| delta < -max_regression - TOLERANCE;
    deltas
        .iter()
        .filter(|(_, delta)| falls(**delta))
        .map(|(name, delta)| (name.clone(), *delta))
        .collect()
}

fn category_deltas(categories: &BTreeMap<String, Sums>) -> BTreeMap<String, f64> {
    categories
        .iter()
        .map(|(name, sums)| (name.clone(), sums.delta()))
        .collect()
}

fn total(categories: &BTreeMap<String, Sums>) -> Sums {
    let mut total = Sums::default();
    categories
        .values()
        .for_each(|sums| total.add(sums.before, sums.after, sums.count));
    total
}

/// The tasks scored in both arms, in the order of the benchmark.
fn pairs(before: &Evaluation, after: &Evaluation) -> Vec<TaskChange> {
    let later: BTreeMap<&str, f64> = after
        .tasks
        .iter()
        .filter_map(|task| Some((task.task_id.as_str(), valid(task)?)))
        .collect();
    let mut seen = BTreeSet::new();
    let pair = |task: &TaskScore| {
        Some(TaskChange {
            task_id: task.task_id.clone(),
            category: task.category.clone(),
            before: valid(task)?,
            after: *later.get(task.task_id.as_str())?,
        })
    };
    before
        .tasks
        .iter()
        .filter(|task| seen.insert(task.task_id.as_str()))
        .filter_map(pair)
        .collect()
}

/// The score, if it is from 0 to 1. Any other value is a failure of the scorer, not of the agent, and counts as no
/// score.
fn valid(task: &TaskScore) -> Option<f64> {
    task.score.filter(|score| (0.0..=1.0).contains(score))
}

#[cfg(test)]
#[path = "rule_tests.rs"]
mod tests;
