//! Runs the test of a prune: asks the gate whether an edit that was applied earlier still helps.
//!
//! The harness without the edit is the baseline, and the present harness is the candidate. The gate first checks the
//! edit's target, as in the session that applied it. Unless that shows that the edit helps, the gate checks all tasks
//! together, without its guard for single categories: an edit goes only if the whole does not need it. Both checks share
//! the edit's part of an error budget that belongs to no session. Mode `sample` runs all tasks instead.

use std::collections::BTreeSet;

use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::record::{AlphaGrant, GateRecord, RunCounts};
use crate::artifact::gate::settings::{BudgetMode, GateSettings, Mode, Population};
use crate::artifact::gate::verdict::{GateRule, RuleKind, Verdict};
use crate::artifact::holdout_use::EditWorth;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{EvaluationHalted, Evaluator, evaluate, varies};
use crate::gate;
use crate::gate::prune::worth::by_complete_run;
use crate::gate::prune::{Fate, leaves_the_whole_open};
use crate::gate::trial::{GatePolicy, Trial, TrialSpec};
use crate::harness::Harness;

/// The edit under test.
pub(crate) struct PruneSpec<'a> {
    /// The harness without the edit.
    pub without: &'a Harness,
    /// The present harness.
    pub present: &'a Harness,
    /// The gate tasks.
    pub tasks: &'a [Task],
    /// The target of the edit.
    pub target: Option<&'a str>,
    /// The digest of the edit.
    pub edit: Digest,
    /// Its number among the tested edits, from 1.
    pub number: usize,
    /// The edit's part of the error budget.
    pub alpha: f64,
    /// Whether two runs of the same request were seen to differ.
    pub noisy: bool,
}

/// What a test needs besides the edit.
pub(crate) struct PruneContext<'a> {
    /// Scores a harness.
    pub evaluator: Evaluator<'a>,
    /// The settings of the gate.
    pub policy: GatePolicy,
    /// The rule of mode `rule`.
    pub rule: GateRule,
    /// In mode `sample`, an edit goes if its gain is surely below this, 0 to 1; `None`: below a useful gain.
    pub prune_margin: Option<f64>,
}

/// The gate's answer: a record per check, or the verdict of mode `rule`.
pub(crate) enum PruneEvidence {
    /// The record for the target and, if all tasks were checked too, the record for them.
    Trials(Vec<GateRecord>),
    /// The verdict of mode `rule`.
    Means(Box<Verdict>),
    /// The gain of a complete run, in mode `sample`.
    Worth(Box<EditWorth>),
}

/// The fate of an edit, with its evidence.
pub(crate) struct PruneVerdict {
    /// Whether the edit stays or goes.
    pub fate: Fate,
    /// The gate's answer.
    pub answer: PruneEvidence,
    /// Bytes by which the harness is shorter without the edit.
    pub saved: i64,
    /// New runs, which were not cached; `None` in mode `rule`, which does not count them.
    pub made: Option<RunCounts>,
    /// Whether a flip did not repeat.
    pub flaky: bool,
}

/// Tests whether the edit still helps.
///
/// # Errors
/// The runs were halted; completed attempts are cached.
pub(crate) fn decide(context: &PruneContext, spec: &PruneSpec) -> Result<PruneVerdict, EvaluationHalted> {
    let saved = bytes(spec.present) - bytes(spec.without);
    let noisy = spec.noisy || varies(&context.evaluator, spec.present, spec.tasks);
    match context.policy.mode_for(noisy) {
        Mode::Rule => by_means(context, spec, saved),
        Mode::Sample => by_complete_run(context, spec),
        mode => by_trials(context, spec, mode, saved),
    }
}

fn by_means(context: &PruneContext, spec: &PruneSpec, saved: i64) -> Result<PruneVerdict, EvaluationHalted> {
    let tasks: Vec<&Task> = spec.tasks.iter().collect();
    let before = evaluate(&context.evaluator, spec.without, &tasks)?;
    let after = evaluate(&context.evaluator, spec.present, &tasks)?;
    let verdict = gate::decide(&before, &after, &context.rule, spec.target);
    let Verdict { wins, losses, ties, .. } = verdict;
    Ok(PruneVerdict {
        fate: Fate::of_means(
            verdict.decision,
            verdict.overall_delta,
            &Tally { wins, losses, ties },
            saved,
        ),
        answer: PruneEvidence::Means(Box::new(verdict)),
        saved,
        made: None,
        flaky: false,
    })
}

fn by_trials(
    context: &PruneContext,
    spec: &PruneSpec,
    mode: Mode,
    saved: i64,
) -> Result<PruneVerdict, EvaluationHalted> {
    let target = spec.target.filter(|_| context.policy.settings.rule == RuleKind::Target);
    let mut targets = vec![target];
    if target.is_some() {
        targets.push(None);
    }
    let alpha = spec.alpha / targets.len() as f64;
    let (mut records, mut made) = (Vec::new(), RunCounts::default());
    for target in targets {
        let (record, more) = ask(context, spec, mode, target, alpha)?;
        made = RunCounts {
            edited: made.edited + more.edited,
            baseline: made.baseline + more.baseline,
        };
        let goes_on = leaves_the_whole_open(record.reason) && !record.reached.is_empty();
        records.push(record);
        if !goes_on {
            break;
        }
    }
    let flaky = records.iter().any(GateRecord::is_flaky);
    let last = records
        .last()
        .map(|record| Fate::of(record.reason, &differences(record), saved));
    Ok(PruneVerdict {
        fate: last.unwrap_or(Fate::Unknown),
        answer: PruneEvidence::Trials(records),
        saved,
        made: Some(made),
        flaky,
    })
}

fn ask(
    context: &PruneContext,
    spec: &PruneSpec,
    mode: Mode,
    target: Option<&str>,
    alpha: f64,
) -> Result<(GateRecord, RunCounts), EvaluationHalted> {
    // The runs on which the edit was accepted are not evidence that it still helps, so a noisy student makes new ones.
    let settings = GateSettings {
        fresh_baseline: true,
        ..context.policy.settings_for(mode, target)
    };
    let trial = Trial::new(
        &context.evaluator,
        TrialSpec {
            before: spec.without,
            after: spec.present,
            tasks: spec.tasks,
            target,
            mode,
            one_pass: context.policy.population == Population::Sample,
            settings: match target {
                None => whole(settings, spec.tasks),
                Some(_) => settings,
            },
            sample: context.policy.sample,
            // "retire" is the former name of a prune; another word would change which runs are cached.
            edit: Digest::of_value(&("retire", spec.edit)),
        },
    );
    let stake = (mode == Mode::Sequential && trial.reaches_target()).then_some(AlphaGrant {
        alpha,
        budget: BudgetMode::Planned,
        slot: spec.number,
        carried: 0.0,
        session: None,
    });
    trial.decide(stake, None)
}

/// The settings for the check of all tasks. Any gain counts, and no category alone decides. `delta_min` is divided by
/// the number of categories: a gain of `delta_min` in one category is a smaller overall gain and must not be missed.
fn whole(settings: GateSettings, tasks: &[Task]) -> GateSettings {
    let categories: BTreeSet<&str> = tasks.iter().map(|task| task.category.as_str()).collect();
    GateSettings {
        delta_min: settings.delta_min / categories.len().max(1) as f64,
        min_improvement: 0.0,
        eps: 1.0,
        by_tasks: false,
        ..settings
    }
}

fn differences(record: &GateRecord) -> Vec<f64> {
    record.differences().map(|(_, difference)| difference).collect()
}

pub(super) fn bytes(harness: &Harness) -> i64 {
    harness.files().map(|(_, bytes)| bytes.len() as i64).sum()
}
