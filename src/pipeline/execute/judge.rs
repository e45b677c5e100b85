//! Judge: puts a candidate harness to the gate, in the mode of the session, and says what becomes of the edit.

use super::head::{SessionHead, score};
use super::input::{ExecuteContext, ExecuteInput};
use super::outcome;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::record::GateRecord;
use crate::artifact::gate::settings::{GateSettings, Mode, Population};
use crate::artifact::gate::verdict::{GateDecision, RuleKind, Verdict};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::probe::Probe;
use crate::gate;
use crate::gate::trial::{GatePolicy, Trial, TrialSpec, target_among};
use crate::harness::Harness;
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;

/// An edit's outcome before it is committed, with the candidate's evaluation where the gate made a whole one.
pub(super) type GatedOutcome = (Outcome, Option<Evaluation>);

/// What the gate says of a candidate against the head.
pub(super) fn judge(
    edit: &Edit,
    candidate: &Harness,
    given: &ExecuteInput,
    means: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<GatedOutcome, RunError> {
    let judged = match mode(given, head) {
        Mode::Rule => {
            let (before, after) = (head.evaluation(given, means)?, score(candidate, given, means)?);
            (by_means(edit, given, &before, &after), Some(after))
        }
        mode => (by_trial(edit, mode, candidate, given, means, head)?, None),
    };
    let (outcome, after) = judged;
    let against = Some(head.harness.digest());
    Ok((Outcome { against, ..outcome }, after))
}

/// The mode of the session: `auto` is exact until two runs of the same thing differ, in the baseline or in a flip that
/// does not repeat.
fn mode(given: &ExecuteInput, head: &SessionHead) -> Mode {
    let noisy = given.baseline.probe.as_ref().is_some_and(Probe::is_noisy);
    given.policy.mode_for(noisy || head.flaky)
}

fn by_means(edit: &Edit, given: &ExecuteInput, before: &Evaluation, after: &Evaluation) -> Outcome {
    let target = target(edit, &given.plan.failure_clusters, given);
    let verdict: Verdict = gate::decide(before, after, &given.rule, target.as_deref());
    let status = status(verdict.decision, given.gate_skipped(edit));
    Outcome {
        benchmark_delta: Some(verdict.overall_delta),
        cluster_deltas: verdict.cluster_deltas.clone(),
        error: (status != OutcomeStatus::Applied).then(|| verdict.reason.clone()),
        gate_skipped: given.gate_skipped(edit),
        verdict: Some(verdict),
        ..outcome(edit, status)
    }
}

fn by_trial(
    edit: &Edit,
    mode: Mode,
    candidate: &Harness,
    given: &ExecuteInput,
    means: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Outcome, RunError> {
    let judging = &given.policy;
    let named = target(edit, &given.plan.failure_clusters, given);
    let target = named.as_deref().filter(|_| judging.settings.rule == RuleKind::Target);
    let before = head.harness.clone();
    let trial = Trial::new(
        &means.evaluator,
        TrialSpec {
            before: &before,
            after: candidate,
            tasks: given.gate,
            target,
            mode,
            one_pass: judging.population == Population::Sample,
            settings: judging.settings_for(mode, target),
            edit: edit.digest(),
        },
    );
    // What is exact is made again out of the memo; only bets have to go on where they were.
    let earlier = match mode {
        Mode::Sequential => (given.earlier)(&edit.digest(), &trial.comparison())?,
        _ => None,
    };
    let stake = match mode {
        Mode::Sequential if trial.reaches_target() => Some(head.stake(edit, &trial, earlier.as_ref(), given, means)?),
        _ => None,
    };
    let (record, made) = trial.decide(stake, earlier.as_ref().map(|(_, record)| record))?;
    head.made += made.edited + made.baseline;
    head.unreached += record.unreached();
    head.flaky |= record.numbers.flaky > 0;
    Ok(recorded(edit, record, given))
}

impl GatePolicy {
    /// The mode of a decision, for a student that answers alike or not.
    pub(crate) fn mode_for(&self, noisy: bool) -> Mode {
        self.mode.at_work(self.population, noisy)
    }

    /// The settings for an edit: in `exact`, one that aims at no category is judged by rule `overall`.
    pub(crate) fn settings_for(&self, mode: Mode, target: Option<&str>) -> GateSettings {
        match (mode, target) {
            (Mode::Exact, None) => GateSettings {
                rule: RuleKind::Overall,
                eps: self.eps_overall,
                ..self.settings
            },
            _ => self.settings,
        }
    }
}

/// The outcome that a record stands for. What came close and could not be told is put to a person, once.
fn recorded(edit: &Edit, record: GateRecord, given: &ExecuteInput) -> Outcome {
    let skipped = given.gate_skipped(edit);
    let asked = given.outcomes.get(&edit.digest()).is_some_and(Outcome::is_near_miss);
    let near_miss = record.is_near_miss() && !skipped && !asked;
    let status = match near_miss {
        true => OutcomeStatus::PendingReview,
        false => status(record.decision, skipped),
    };
    Outcome {
        benchmark_delta: record.overall_delta(),
        cluster_deltas: record.category_deltas(),
        error: (status != OutcomeStatus::Applied).then(|| record.line()),
        gate_skipped: skipped,
        gate: Some(record),
        ..outcome(edit, status)
    }
}

fn status(decision: GateDecision, skipped: bool) -> OutcomeStatus {
    match (decision, skipped) {
        (GateDecision::Accept, _) | (_, true) => OutcomeStatus::Applied,
        (GateDecision::Reject, false) => OutcomeStatus::RejectedByGate,
        (GateDecision::Undecided, false) => OutcomeStatus::Undecided,
    }
}

impl ExecuteInput<'_> {
    pub(super) fn gate_skipped(&self, edit: &Edit) -> bool {
        (self.route)(edit) == EditRoute::GateSkipped
    }
}

/// The category that the edit's cluster stands for: named by the cluster, or the cluster's id itself.
fn target(edit: &Edit, clusters: &[FailureCluster], given: &ExecuteInput) -> Option<String> {
    target_among(edit, clusters, |name| {
        given.gate.iter().any(|task| task.category == name)
    })
}
