//! Keeps edits that the gate left undecided after a complete run and that a person wants: the one with the smallest p
//! value first, each on a complete run against the present head.

use super::input::{ExecuteContext, ExecuteInput};
use super::outcome;
use super::reconcile::EditStep;
use super::verdict::refused;
use crate::artifact::edit::Edit;
use crate::artifact::gate::record::{GateRecord, Keeper};
use crate::artifact::gate::verdict::GateDecision;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::gate::trial::{Trial, TrialSpec};
use crate::harness::Harness;
use crate::pipeline::execute::head::SessionHead;
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;

/// The record of an edit that a person keeps although the gate left it undecided.
pub(super) fn consent<'i>(edit: &Edit, input: &'i ExecuteInput) -> Option<&'i GateRecord> {
    let outcome = input.reconcile.outcomes.get(&edit.digest())?;
    let wanted = (input.reconcile.route)(edit) == EditRoute::Keep && outcome.may_be_kept();
    outcome.gate.as_ref().filter(|_| wanted)
}

/// Moves the edits that a person keeps to the front, the smallest p value first.
pub(super) fn kept_first(steps: Vec<(usize, EditStep)>, input: &ExecuteInput) -> Vec<(usize, EditStep)> {
    let edits = &input.reconcile.plan.edits;
    let chance = |step: &(usize, EditStep)| {
        let record = consent(&edits[step.0], input).filter(|_| step.1 == EditStep::Try)?;
        record.sampled()?.p
    };
    let (mut kept, rest): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| chance(step).is_some());
    kept.sort_by(|one, two| f64::total_cmp(&chance(one).unwrap_or(1.0), &chance(two).unwrap_or(1.0)));
    kept.into_iter().chain(rest).collect()
}

/// Keeps an edit on its recorded run, if harness and requests are still the same; else a complete run on the present head
/// decides, and only a rejection stops the edit. That run spends no error budget, because it cannot accept.
pub(super) fn keep(
    edit: &Edit,
    record: &GateRecord,
    candidate: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Outcome, RunError> {
    let before = head.harness.clone();
    let policy = &input.gate.policy;
    let trial = Trial::new(
        &execution.evaluator,
        TrialSpec {
            sample: policy.sample.to_the_end(),
            ..policy.together(&before, candidate, input.gate.tasks, edit.digest())
        },
    );
    if trial.repeats(record) {
        return Ok(kept(edit, record.clone(), Keeper::Person));
    }
    let (record, made) = trial.decide(None, None)?;
    head.made += made.edited + made.baseline;
    if let Some(words) = trial.refusal() {
        return Ok(refused(edit, words));
    }
    head.unreached += record.unreached();
    Ok(match record.decision {
        GateDecision::Reject => Outcome {
            error: Some(record.told()),
            benchmark_delta: record.overall_delta(),
            cluster_deltas: record.category_deltas(),
            gate: Some(record),
            ..outcome(edit, OutcomeStatus::RejectedByGate)
        },
        GateDecision::Accept | GateDecision::Undecided => kept(edit, record, Keeper::Person),
    })
}

/// The outcome of an edit that is kept although the gate left it undecided.
pub(super) fn kept(edit: &Edit, record: GateRecord, keeper: Keeper) -> Outcome {
    Outcome {
        benchmark_delta: record.overall_delta(),
        cluster_deltas: record.category_deltas(),
        gate: Some(GateRecord {
            kept_by: Some(keeper),
            ..record
        }),
        ..outcome(edit, OutcomeStatus::Applied)
    }
}
