//! The preview of one edit: the tasks that it reaches, the gain that is hoped for, and the attempts of its trial.

use std::collections::BTreeMap;

use super::words::{advice, nothing_reached};
use super::{EditPreview, NewAttempts, PreviewContext};
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::gate::settings::Mode;
use crate::artifact::gate::verdict::RuleKind;
use crate::eval::run::affected;
use crate::gate::power::calls::{self, ExactComparison};
use crate::gate::power::noise::average;
use crate::gate::power::sample::tasks_without_effect;
use crate::gate::trial::target_among;
use crate::harness::op;

pub(super) fn preview_edit(context: &PreviewContext, edit: &Edit) -> EditPreview {
    let target = target(context, edit);
    let named = EditPreview {
        edit: edit.id.clone(),
        digest: edit.digest().short(),
        target: target.clone(),
        ..EditPreview::default()
    };
    let after = match op::apply(edit, context.input.harness, context.input.rules) {
        Ok(after) => after,
        Err(reason) => {
            let advice = Some(format!("it does not apply to the present harness: {reason}"));
            return EditPreview { advice, ..named };
        }
    };
    let tasks: Vec<_> = context.input.gate.iter().collect();
    let reached = affected(context.evaluator, context.input.harness, &after, &tasks);
    let has_to_gain = |at: usize| target.as_deref().is_none_or(|target| tasks[at].category == target);
    let (of_target, others): (Vec<usize>, Vec<usize>) = (0..tasks.len())
        .filter(|at| reached[*at] && context.chances[*at].is_some())
        .partition(|at| has_to_gain(*at));
    let found = EditPreview {
        reaches: reached.iter().filter(|reached| **reached).count(),
        reaches_target: of_target.len(),
        ..named
    };
    match of_target.is_empty() && context.mode != Mode::Rule {
        true => EditPreview {
            advice: Some(nothing_reached(&found)),
            ..found
        },
        false => weighed(context, edit, found, &of_target, &others),
    }
}

/// The forecast of an edit that reaches its target.
fn weighed(
    context: &PreviewContext,
    edit: &Edit,
    found: EditPreview,
    of_target: &[usize],
    others: &[usize],
) -> EditPreview {
    let chances: Vec<f64> = of_target.iter().filter_map(|at| context.chances[*at]).collect();
    let headroom = context.game(&chances).headroom();
    let cluster = context
        .input
        .clusters
        .iter()
        .find(|one| one.id == edit.expected_improvement);
    let (hoped, hoped_from) = hope(cluster, headroom);
    let smallest_visible = match context.mode {
        Mode::Sample => context.power().visible,
        _ => context.smallest(&chances),
    };
    // A task flips as a whole: outside mode `sequential`, the hoped-for gain is rounded to whole tasks.
    let rounding = match context.mode {
        Mode::Sequential | Mode::Sample => 0.0,
        _ => 0.5 / chances.len().max(1) as f64,
    };
    let found = EditPreview {
        hoped,
        hoped_from,
        smallest_visible,
        can_be_seen: (context.mode != Mode::Rule)
            .then(|| smallest_visible.is_some_and(|least| least <= hoped + rounding + 1e-9)),
        ..found
    };
    let found = with_calls(context, found, &chances, of_target, others);
    EditPreview {
        advice: (found.can_be_seen == Some(false)).then(|| advice(context, &found, &chances)),
        ..found
    }
}

/// The category that has to gain; `None` (the overall score) if the edit names none or the rule is `overall`.
fn target(context: &PreviewContext, edit: &Edit) -> Option<String> {
    let is_category = |name: &str| context.input.gate.iter().any(|task| task.category == name);
    let rule = match context.mode {
        Mode::Rule => context.input.rule.kind,
        Mode::Sample => RuleKind::Overall,
        _ => context.input.policy.settings.rule,
    };
    target_among(edit, context.input.clusters, is_category).filter(|_| rule == RuleKind::Target)
}

/// The hoped-for gain, at most the headroom, and its source. In this order: the teacher's success rate minus the
/// student's, if both were measured; a number in the cluster's skill gap; the headroom.
pub(super) fn hope(cluster: Option<&FailureCluster>, headroom: f64) -> (f64, &'static str) {
    let measured = cluster.and_then(|cluster| {
        let (solved, failed) = (cluster.teacher_success_rate, cluster.student_failure_rate);
        let gain = solved - (1.0 - failed);
        (solved > 0.0 && failed > 0.0 && gain > 0.0).then_some((gain, "measured rates"))
    });
    let stated = || {
        let gap = cluster?.skill_gap.trim().parse().ok();
        Some((gap.filter(|gap: &f64| *gap > 0.0 && *gap <= 1.0)?, "skill gap"))
    };
    let (hoped, from) = measured.or_else(stated).unwrap_or((headroom, "headroom"));
    if hoped >= headroom {
        (headroom, from)
    } else {
        (hoped, from)
    }
}

fn with_calls(
    context: &PreviewContext,
    found: EditPreview,
    chances: &[f64],
    of_target: &[usize],
    others: &[usize],
) -> EditPreview {
    let cost = match context.mode {
        Mode::Sample => return sampled(context, found, chances, others),
        Mode::Rule => {
            let calls = NewAttempts {
                nothing: found.reaches,
                hoped: found.reaches,
                most: found.reaches,
            };
            return EditPreview { calls, ..found };
        }
        Mode::Sequential => {
            let known = if context.noise.compared > 0 { 2 } else { 1 };
            calls::sequential(&context.game(chances), found.hoped, others.len(), known)
        }
        Mode::Auto | Mode::Exact => calls::exact(&compared(context, &found, chances, others), found.hoped),
    };
    let tasks = of_target.iter().chain(others).copied();
    EditPreview {
        calls: NewAttempts {
            nothing: cost.nothing.sum(),
            hoped: cost.hoped.sum(),
            most: cost.most.sum(),
        },
        shared: match context.mode {
            Mode::Sequential if !context.input.policy.settings.fresh_baseline => {
                tasks.zip(cost.nothing.baseline).collect()
            }
            _ => BTreeMap::new(),
        },
        ..found
    }
}

/// The attempts in mode `sample`: every reached task once, unless the trial stops against the edit.
fn sampled(context: &PreviewContext, found: EditPreview, chances: &[f64], others: &[usize]) -> EditPreview {
    let settings = &context.input.policy.sample;
    let baseline = average(context.chances.iter().flatten().copied());
    let all = context.input.gate.len();
    let reached = chances.len() + others.len();
    let stops = tasks_without_effect(settings, baseline, all) * reached / all.max(1);
    let (runs, screen) = (settings.runs as usize, context.input.screen);
    let calls = NewAttempts {
        nothing: screen + runs * stops,
        hoped: screen + runs * reached,
        most: screen + runs * reached,
    };
    EditPreview { calls, ..found }
}

fn compared<'a>(
    context: &PreviewContext,
    found: &EditPreview,
    chances: &'a [f64],
    others: &[usize],
) -> ExactComparison<'a> {
    let names = context.names();
    let place = |name: &str| 1 + names.iter().position(|other| *other == name).unwrap_or_default();
    let is_target = |name: &str| found.target.as_deref().is_none_or(|target| target == name);
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for task in context.input.gate {
        let category = if is_target(&task.category) {
            0
        } else {
            place(&task.category)
        };
        *sizes.entry(category).or_default() += 1;
    }
    let score = |at: &usize| Some((place(&context.input.gate[*at].category), context.chances[*at]?));
    ExactComparison {
        target: chances,
        others: others.iter().filter_map(score).collect(),
        sizes,
        settings: context.input.policy.settings,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hope_is_what_was_measured_else_what_is_said_else_everything() {
        let cluster = |solved: f64, failed: f64, gap: &str| -> FailureCluster {
            serde_json::from_value(json!({"id": "c", "description": "", "teacher_success_rate": solved,
                "student_failure_rate": failed, "skill_gap": gap}))
            .unwrap()
        };
        let of = |cluster: FailureCluster, headroom| hope(Some(&cluster), headroom);
        let (measured, from) = of(cluster(0.9, 0.5, ""), 0.8);
        assert!((measured - 0.4).abs() < 1e-12 && from == "measured rates");
        assert_eq!(of(cluster(0.9, 0.5, ""), 0.3).0, 0.3, "never more than can be gained");
        assert_eq!(of(cluster(0.0, 0.5, " 0.25 "), 0.8), (0.25, "skill gap"));
        assert_eq!(of(cluster(0.2, 0.5, "knows no units"), 0.8), (0.8, "headroom"));
        assert_eq!(of(cluster(0.0, 0.5, "NaN"), 0.8), (0.8, "headroom"));
        assert_eq!(hope(None, 0.8), (0.8, "headroom"));
    }
}
