//! The test of a prune in mode `sample`: both harnesses run every gate task that the edit reaches, without an early stop.

use super::Fate;
use super::run::{PruneContext, PruneEvidence, PruneSpec, PruneVerdict, bytes};
use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::record::RunCounts;
use crate::artifact::holdout_use::EditWorth;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::run::{EvaluationHalted, evaluate};
use crate::gate::sample::summary::{interval_at, mean};
use crate::gate::trial::Trial;

/// The number of a prune's first run if the student varies; larger than that of any run of a trial or an audit. The runs
/// on which an edit was accepted overstate its gain.
const FIRST_RUN: u32 = 1 << 25;

/// Tests an edit by a complete run.
pub(super) fn by_complete_run(context: &PruneContext, spec: &PruneSpec) -> Result<PruneVerdict, EvaluationHalted> {
    let trial = Trial::new(
        &context.evaluator,
        context.policy.together(
            spec.without,
            spec.present,
            spec.tasks,
            Digest::of_value(&("prune", spec.edit)),
        ),
    );
    let first = if trial.varies() { FIRST_RUN } else { 0 };
    let mut made = RunCounts::default();
    let scores = trial.both_arms(first, &mut made)?;
    let worth = worth(context, spec, &trial, &scores)?;
    let saved = bytes(spec.present) - bytes(spec.without);
    Ok(PruneVerdict {
        fate: Fate::of_worth(&worth, saved),
        answer: PruneEvidence::Worth(Box::new(worth)),
        saved,
        made: Some(made),
        flaky: false,
    })
}

/// The gain of the edit, from the scores without and with it of the tasks that it reaches.
fn worth(
    context: &PruneContext,
    spec: &PruneSpec,
    trial: &Trial,
    scores: &[Option<(f64, f64)>],
) -> Result<EditWorth, EvaluationHalted> {
    let reached = trial.reached();
    let is_reached = |task: &&Task| reached.iter().any(|reached| reached.task == task.task_id);
    let same: Vec<&Task> = spec.tasks.iter().filter(|task| !is_reached(task)).collect();
    let mut differences: Vec<f64> = scores.iter().flatten().map(|(y, x)| x - y).collect();
    differences.resize(differences.len() + same.len(), 0.0);
    let margin = match context.prune_margin {
        Some(margin) => margin,
        None => {
            let without: f64 = scores.iter().flatten().map(|(y, _)| y).sum();
            let unchanged = match same.is_empty() {
                true => 0.0,
                false => evaluate(&context.evaluator, spec.present, &same)?.overall_score * same.len() as f64,
            };
            context
                .policy
                .sample
                .useful((without + unchanged) / differences.len().max(1) as f64)
        }
    };
    let Tally { wins, losses, ties } = Tally::of(&differences);
    Ok(EditWorth {
        gain: mean(&differences).unwrap_or_default(),
        interval: interval_at(&differences, spec.alpha).unwrap_or([-1.0, 1.0]),
        level: 1.0 - spec.alpha,
        n: differences.len(),
        wins,
        losses,
        ties,
        margin,
        harness: spec.present.digest(),
        extra: Default::default(),
    })
}
