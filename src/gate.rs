//! The gate: two evaluations and a rule → accept, reject, or undecided, with the numbers. Pure.
//!
//! Sums of task scores are compared, not differences of rounded means: a fall from 0.75 to 0.70 and one from
//! 0.50 to 0.45 are the same.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::evaluation::Evaluation;

/// Differences below this are rounding, not change.
const TOLERANCE: f64 = 1e-9;

/// What must gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The overall score gains, and no category falls by more than `max_regression`.
    Overall,
    /// The edit's own category gains, and no other falls by more than `max_regression`.
    Target,
}

/// A rule with its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateRule {
    /// What must gain.
    pub kind: RuleKind,
    /// The gain must be larger than this.
    pub min_improvement: f64,
    /// No category that is watched may fall by more than this.
    pub max_regression: f64,
    /// Above this share of dropped pairs the verdict is undecided.
    pub max_infra_share: f64,
}

/// The gate's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Keep the edit.
    Accept,
    /// Leave it.
    Reject,
    /// The evidence does not say.
    Undecided,
}

/// A category's sums over the tasks that both evaluations scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// Sum of scores before.
    pub before: f64,
    /// Sum of scores after.
    pub after: f64,
    /// Tasks.
    pub count: usize,
}

/// One task whose score changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The task.
    pub task_id: String,
    /// Its category.
    pub category: String,
    /// Score before.
    pub before: f64,
    /// Score after.
    pub after: f64,
}

/// The gate's word with its numbers: `sums` decide, `changed` shows whence they come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The word.
    pub decision: Decision,
    /// One line for people; empty when there is nothing to explain.
    pub reason: String,
    /// The rule that was applied.
    pub rule: GateRule,
    /// The category that should gain, under rule `target`.
    pub target: Option<String>,
    /// Mean after minus mean before.
    pub overall_delta: f64,
    /// The same, a category.
    pub cluster_deltas: BTreeMap<String, f64>,
    /// Sums, a category.
    pub sums: BTreeMap<String, Sums>,
    /// Tasks that gained.
    pub wins: usize,
    /// Tasks that lost.
    pub losses: usize,
    /// Tasks that did neither.
    pub ties: usize,
    /// Tasks that one evaluation could not score.
    pub dropped: usize,
    /// Every task whose score changed.
    pub changed: Vec<Pair>,
}

/// Compares two evaluations of the same tasks. `target` is the category that the edit should improve.
pub fn decide(before: &Evaluation, after: &Evaluation, rule: &GateRule, target: Option<&str>) -> Verdict {
    let (pairs, dropped) = pairs(before, after);
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for pair in &pairs {
        let sum = sums.entry(pair.category.clone()).or_default();
        *sum = Sums { before: sum.before + pair.before, after: sum.after + pair.after, count: sum.count + 1 };
    }
    let count = |wanted: fn(f64) -> bool| pairs.iter().filter(|pair| wanted(pair.after - pair.before)).count();
    let (wins, losses) = (count(|d| d > TOLERANCE), count(|d| d < -TOLERANCE));
    let verdict = Verdict {
        decision: Decision::Undecided,
        reason: String::new(),
        rule: rule.clone(),
        target: target.filter(|name| sums.contains_key(*name)).map(str::to_owned),
        overall_delta: delta(&total(&sums)),
        cluster_deltas: sums.iter().map(|(name, sum)| (name.clone(), delta(sum))).collect(),
        wins,
        losses,
        ties: pairs.len() - wins - losses,
        dropped,
        changed: pairs.into_iter().filter(|pair| (pair.after - pair.before).abs() > TOLERANCE).collect(),
        sums,
    };
    let (decision, reason) = word(&verdict);
    Verdict { decision, reason, ..verdict }
}

/// Whether a recorded verdict follows from its own numbers.
pub fn recompute(verdict: &Verdict) -> bool {
    let close = |one: f64, two: f64| (one - two).abs() <= TOLERANCE;
    let mut moved: BTreeMap<&str, f64> = BTreeMap::new();
    for pair in &verdict.changed {
        *moved.entry(&pair.category).or_default() += pair.after - pair.before;
    }
    let sums_hold = verdict.sums.iter().all(|(name, sum)| {
        close(sum.after - sum.before, moved.get(name.as_str()).copied().unwrap_or_default())
            && verdict.cluster_deltas.get(name).is_some_and(|stated| close(*stated, delta(sum)))
    });
    sums_hold && close(verdict.overall_delta, delta(&total(&verdict.sums))) && word(verdict).0 == verdict.decision
}

fn word(verdict: &Verdict) -> (Decision, String) {
    let total = total(&verdict.sums);
    let pairs = total.count + verdict.dropped;
    if total.count == 0 || verdict.dropped as f64 > verdict.rule.max_infra_share * pairs as f64 {
        let reason = format!("{} of {pairs} tasks could not be scored", verdict.dropped);
        return (Decision::Undecided, reason);
    }
    let aimed = verdict.target.as_deref().filter(|_| verdict.rule.kind == RuleKind::Target);
    let watched = verdict.cluster_deltas.iter().filter(|(name, _)| Some(name.as_str()) != aimed);
    let fallen: BTreeMap<String, f64> = watched
        .filter(|(_, delta)| **delta < -verdict.rule.max_regression - TOLERANCE)
        .map(|(name, delta)| (name.clone(), *delta))
        .collect();
    let gain = aimed.and_then(|name| verdict.cluster_deltas.get(name)).copied().unwrap_or(verdict.overall_delta);
    let gained = aimed.map_or(String::new(), |name| format!(" in {name}"));
    judge(&fallen, gain, &gained, verdict.rule.min_improvement)
}

fn judge(fallen: &BTreeMap<String, f64>, gain: f64, place: &str, min_improvement: f64) -> (Decision, String) {
    if !fallen.is_empty() {
        let list: Vec<String> = fallen.iter().map(|(name, delta)| format!("{name}: {delta:+.3}")).collect();
        return (Decision::Reject, format!("regression in clusters: {}", list.join(", ")));
    }
    if gain <= min_improvement + TOLERANCE {
        return (Decision::Reject, format!("no improvement{place}: delta={gain:.4}, min_improvement={min_improvement}"));
    }
    (Decision::Accept, String::new())
}

/// The categories that fall by more than `max_regression`; one that is gone counts as 0, a new one does not count.
pub fn regressions(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>, max_regression: f64) -> BTreeMap<String, f64> {
    let change = |(name, was): (&String, &f64)| (name.clone(), after.get(name).copied().unwrap_or(0.0) - was);
    before.iter().map(change).filter(|(_, delta)| *delta < -max_regression - TOLERANCE).collect()
}

/// Rule `overall` on means, for benchmarks that tell no more: accepted or not, the gain, and the reason.
pub fn decide_means(
    before: (f64, &BTreeMap<String, f64>),
    after: (f64, &BTreeMap<String, f64>),
    min_improvement: f64,
    max_regression: f64,
) -> (bool, f64, String) {
    let gain = after.0 - before.0;
    let (word, reason) = judge(&regressions(before.1, after.1, max_regression), gain, "", min_improvement);
    (word == Decision::Accept, gain, reason)
}

/// The numbers of a verdict in one line, for a commit's trailer.
pub fn evidence(verdict: &Verdict) -> String {
    format!(
        "{:+.4} ({} wins, {} losses, {} ties of {} tasks)",
        verdict.overall_delta,
        verdict.wins,
        verdict.losses,
        verdict.ties,
        total(&verdict.sums).count
    )
}

/// Tasks that both sides scored, and how many only one side did. A score outside of 0 to 1 is none.
fn pairs(before: &Evaluation, after: &Evaluation) -> (Vec<Pair>, usize) {
    let valid = |score: Option<f64>| score.filter(|score| (0.0..=1.0).contains(score));
    let later: BTreeMap<&str, Option<f64>> = after.tasks.iter().map(|task| (task.task_id.as_str(), valid(task.score))).collect();
    let pair = |task: &crate::artifact::evaluation::TaskScore| {
        Some(Pair {
            task_id: task.task_id.clone(),
            category: task.category.clone(),
            before: valid(task.score)?,
            after: (*later.get(task.task_id.as_str())?)?,
        })
    };
    let pairs: Vec<Pair> = before.tasks.iter().filter_map(pair).collect();
    let dropped = before.tasks.len().max(after.tasks.len()) - pairs.len();
    (pairs, dropped)
}

fn total(sums: &BTreeMap<String, Sums>) -> Sums {
    sums.values().fold(Sums::default(), |all, sum| Sums {
        before: all.before + sum.before,
        after: all.after + sum.after,
        count: all.count + sum.count,
    })
}

fn delta(sum: &Sums) -> f64 {
    if sum.count == 0 { 0.0 } else { (sum.after - sum.before) / sum.count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::evaluation::TaskScore;

    fn evaluation(scores: &[(&str, Option<f64>)]) -> Evaluation {
        let task = |(at, (category, score)): (usize, &(&str, Option<f64>))| TaskScore {
            task_id: at.to_string(),
            category: (*category).to_owned(),
            score: *score,
        };
        Evaluation::of(scores.iter().enumerate().map(task).collect())
    }

    fn rule(kind: RuleKind, max_regression: f64) -> GateRule {
        GateRule { kind, min_improvement: 0.0, max_regression, max_infra_share: 0.05 }
    }

    #[test]
    fn overall_needs_a_gain_and_no_fall() {
        let before = evaluation(&[("a", Some(0.0)), ("a", Some(1.0)), ("b", Some(1.0)), ("b", Some(0.0))]);
        for (after, expected) in [
            ([1.0, 1.0, 1.0, 0.0], Decision::Accept),
            ([0.0, 1.0, 1.0, 0.0], Decision::Reject),
            ([1.0, 1.0, 0.0, 0.0], Decision::Reject),
        ] {
            let after = evaluation(&[("a", Some(after[0])), ("a", Some(after[1])), ("b", Some(after[2])), ("b", Some(after[3]))]);
            let verdict = decide(&before, &after, &rule(RuleKind::Overall, 0.05), None);
            assert_eq!(verdict.decision, expected);
            assert!(recompute(&verdict));
        }
    }

    #[test]
    fn target_looks_at_its_own_category_and_guards_the_others() {
        let before = evaluation(&[("t", Some(0.0)), ("o", Some(0.5))]);
        let gains_elsewhere = evaluation(&[("t", Some(0.0)), ("o", Some(1.0))]);
        let gains = evaluation(&[("t", Some(0.5)), ("o", Some(0.5))]);
        let rule = rule(RuleKind::Target, 0.01);
        assert_eq!(decide(&before, &gains_elsewhere, &rule, Some("t")).decision, Decision::Reject);
        assert_eq!(decide(&before, &gains, &rule, Some("t")).decision, Decision::Accept);
    }

    #[test]
    fn the_same_drop_is_judged_alike_at_any_height() {
        for (was, is) in [(0.75, 0.70), (0.50, 0.45), (0.30, 0.25)] {
            let (before, after) = ([("a".to_owned(), was)].into(), [("a".to_owned(), is)].into());
            assert!(regressions(&before, &after, 0.05).is_empty(), "{was} to {is}");
        }
    }

    #[test]
    fn what_was_not_scored_is_dropped_in_both_arms() {
        let before = evaluation(&[("a", Some(0.0)), ("a", None)]);
        let after = evaluation(&[("a", Some(1.0)), ("a", Some(f64::NAN))]);
        let verdict = decide(&before, &after, &rule(RuleKind::Overall, 0.05), None);
        assert_eq!((verdict.decision, verdict.dropped), (Decision::Undecided, 1));
    }

    #[test]
    fn a_tampered_verdict_is_found() {
        let before = evaluation(&[("a", Some(0.0)), ("a", Some(1.0))]);
        let verdict = decide(&before, &before, &rule(RuleKind::Overall, 0.05), None);
        assert!(!recompute(&Verdict { decision: Decision::Accept, ..verdict.clone() }));
        assert!(!recompute(&Verdict { overall_delta: 0.5, ..verdict }));
    }
}
