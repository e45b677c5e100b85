//! Lets the gate decide about a candidate harness, in the mode of the session, and derives the outcome of the edit.

use std::time::Duration;

use super::consent::{consent, keep, kept};
use super::head::{SessionHead, score};
use super::input::{ExecuteContext, ExecuteInput};
use super::outcome;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::gate::reason::GateReason;
use crate::artifact::gate::record::{AlphaGrant, GateRecord, Keeper};
use crate::artifact::gate::settings::{GateSettings, Keep, Mode, Population};
use crate::artifact::gate::verdict::{GateDecision, RuleKind, Verdict};
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::probe::Probe;
use crate::eval::run::{Evaluator, refusal, varies};
use crate::gate;
use crate::gate::sample::choice::{StudentSort, choose};
use crate::gate::trial::{GatePolicy, Trial, TrialLook, TrialSpec, target_among};
use crate::gate::words::mode as name;
use crate::harness::Harness;
use crate::pipeline::execute::route::EditRoute;
use crate::workspace::error::RunError;
use crate::workspace::event::Event;
use crate::workspace::progress::{AttemptCount, Pace};

/// The shortest time between two reports of the evidence.
const EVIDENCE_INTERVAL: Duration = Duration::from_secs(1);

/// An edit's outcome before the commit, with the candidate's evaluation if the gate made a complete one.
pub(super) type GatedOutcome = (Outcome, Option<Evaluation>);

/// Lets the gate compare a candidate with the head.
pub(super) fn decide(
    edit: &Edit,
    candidate: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<GatedOutcome, RunError> {
    if (input.reconcile.route)(edit) == EditRoute::GateSkipped {
        return Ok((without_gate(edit, head), None));
    }
    if let Some(record) = consent(edit, input) {
        let kept = keep(edit, record, candidate, input, execution, head)?;
        let against = Some(head.harness.digest());
        return Ok((Outcome { against, ..kept }, None));
    }
    let mode = head.mode(Some(candidate), input, execution);
    head.announce(mode, execution);
    let decided = match mode {
        Mode::Rule => {
            let before = head.evaluation(input, execution)?;
            let tasks: Vec<_> = input.gate.tasks.iter().collect();
            let refusal = refusal(&execution.evaluator, &head.harness, candidate, &tasks)?;
            if let Some(words) = refusal {
                return Ok((refused(edit, &words), None));
            }
            let after = score(candidate, input, execution)?;
            (by_means(edit, input, &before, &after), Some(after))
        }
        mode => (by_trial(edit, mode, candidate, input, execution, head)?, None),
    };
    let (outcome, after) = decided;
    let against = Some(head.harness.digest());
    Ok((Outcome { against, ..outcome }, after))
}

/// The outcome of an edit that a person accepted without the gate. No attempt is made for it.
fn without_gate(edit: &Edit, head: &SessionHead) -> Outcome {
    Outcome {
        gate_skipped: true,
        against: Some(head.harness.digest()),
        ..outcome(edit, OutcomeStatus::Applied)
    }
}

impl SessionHead {
    /// The mode in which the gate judges a candidate; without one, that of the head. An edit can make the answers of the
    /// built-in student random.
    pub(super) fn mode(&self, candidate: Option<&Harness>, input: &ExecuteInput, execution: &ExecuteContext) -> Mode {
        let noisy = input.gate.baseline.probe.as_ref().is_some_and(Probe::is_noisy) || self.flaky;
        let harnesses = std::iter::once(&self.harness).chain(candidate);
        let varies = |harness: &Harness| varies(&execution.evaluator, harness, input.gate.tasks);
        let policy = &input.gate.policy;
        let may_vary = policy.mode == Mode::Auto && policy.sort == StudentSort::Embedded;
        policy.mode_for(noisy || (may_vary && harnesses.into_iter().any(varies)))
    }

    /// Says that the mode changes between two edits, and why.
    fn announce(&mut self, mode: Mode, execution: &ExecuteContext) {
        let before = self.mode.replace(mode);
        if let Some(before) = before.filter(|before| *before != mode) {
            let why = match self.flaky {
                true => "a score that had changed did not repeat",
                false => "the answers of the agent are drawn at random with one edit and not with the other",
            };
            let (before, mode) = (name(before), name(mode));
            let text = format!("the gate changes from {before} to {mode}: {why}");
            (execution.context.listener)(Event::Note { text });
        }
    }
}

fn by_means(edit: &Edit, input: &ExecuteInput, before: &Evaluation, after: &Evaluation) -> Outcome {
    let target = target(edit, &input.reconcile.plan.failure_clusters, input);
    let verdict: Verdict = gate::decide(before, after, &input.gate.rule, target.as_deref());
    let status = status(verdict.decision);
    Outcome {
        benchmark_delta: Some(verdict.overall_delta),
        cluster_deltas: verdict.cluster_deltas.clone(),
        error: (status != OutcomeStatus::Applied).then(|| verdict.reason.clone()),
        verdict: Some(verdict),
        ..outcome(edit, status)
    }
}

fn by_trial(
    edit: &Edit,
    mode: Mode,
    candidate: &Harness,
    input: &ExecuteInput,
    execution: &ExecuteContext,
    head: &mut SessionHead,
) -> Result<Outcome, RunError> {
    let policy = &input.gate.policy;
    let named = target(edit, &input.reconcile.plan.failure_clusters, input);
    let aims = mode != Mode::Sample && policy.settings.rule == RuleKind::Target;
    let target = named.as_deref().filter(|_| aims);
    let before = head.harness.clone();
    let count = AttemptCount::new(&format!("edit {}", edit.id), execution.context.listener);
    let evaluator = Evaluator {
        progress: &|_, _| count.add(),
        ..execution.evaluator
    };
    let watcher = evidence_watcher(edit, execution);
    let trial = Trial::new(
        &evaluator,
        TrialSpec {
            before: &before,
            after: candidate,
            tasks: input.gate.tasks,
            target,
            mode,
            one_pass: policy.population == Population::Sample,
            settings: policy.settings_for(mode, target),
            sample: policy.sample,
            edit: edit.digest(),
        },
    )
    .watched(&watcher);
    // Mode `exact` repeats its decision from cached attempts; the others continue a record.
    let same_bet = |record: &GateRecord| record.mode == Mode::Sequential && record.comparison == trial.comparison();
    count.expect(trial.attempts());
    let earlier = match mode {
        Mode::Sequential => (input.gate.earlier)(&edit.digest(), &same_bet)?,
        Mode::Sample => (input.gate.earlier)(&edit.digest(), &|record| trial.repeats(record))?,
        _ => None,
    };
    if let Some((session, record)) = &earlier
        && mode == Mode::Sample
        && !trial.has_new_tasks(record)
    {
        return Ok(recorded(edit, record.remembered(session, input.session), input));
    }
    let stake = match mode {
        Mode::Sequential | Mode::Sample if trial.reaches_target() => {
            // Each look of mode `sample` at an edit pays its own level.
            let begun = earlier.as_ref().filter(|_| mode == Mode::Sequential);
            Some(head.stake((edit, mode), &trial, begun, input, execution)?)
        }
        _ => None,
    };
    let (record, mut made) = trial.decide(stake, earlier.as_ref().map(|(_, record)| record))?;
    let record = match record.decision {
        // The remaining runs give the true gain, and are the next baseline.
        GateDecision::Accept => trial.complete(record, &mut made)?,
        GateDecision::Reject | GateDecision::Undecided => record,
    };
    head.made += made.edited + made.baseline;
    if let Some(words) = trial.refusal() {
        return Ok(refused(edit, words));
    }
    head.unreached += record.unreached();
    head.flaky |= record.is_flaky();
    Ok(recorded(edit, record, input))
}

/// Reports the growing evidence about an edit, at most once per interval.
fn evidence_watcher(edit: &Edit, execution: &ExecuteContext) -> impl Fn(&dyn Fn() -> TrialLook) {
    let pace = Pace::new(EVIDENCE_INTERVAL);
    move |look| {
        if pace.is_due() {
            (execution.context.listener)(Event::Evidence {
                session: execution.context.session.id.clone(),
                edit: edit.id.clone(),
                look: look(),
            });
        }
    }
}

/// The outcome of an edit that puts something into the requests that the server refuses.
pub(super) fn refused(edit: &Edit, words: &str) -> Outcome {
    Outcome {
        error: Some(format!("with this edit, the agent's requests are refused: {words}")),
        ..outcome(edit, OutcomeStatus::Inapplicable)
    }
}

impl GatePolicy {
    /// The mode of a decision; `noisy`: whether the answers of the built-in student may differ between two runs.
    pub(crate) fn mode_for(&self, noisy: bool) -> Mode {
        let (chosen, _) = choose(self.sort, None, !noisy);
        self.mode.at_work(self.population, chosen)
    }

    /// The settings for an edit. In mode `exact`, rule `overall` decides about an edit without a target.
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

impl GateRecord {
    /// This record as the answer of another session, without a new look at the gate tasks.
    fn remembered(&self, from: &str, by: &str) -> Self {
        let elsewhere = from != by;
        let stake = self.stake.clone().map(|stake| AlphaGrant {
            session: stake.session.clone().or(elsewhere.then(|| from.to_owned())),
            ..stake
        });
        Self {
            stake,
            remembered: Some(from.to_owned()),
            kept_by: None,
            ..self.clone()
        }
    }
}

/// The outcome for a gate record. A near miss goes to review, but only once per edit.
fn recorded(edit: &Edit, record: GateRecord, input: &ExecuteInput) -> Outcome {
    if input.gate.policy.keep == Keep::Likely && record.reason == GateReason::Likely && record.may_be_kept() {
        return kept(edit, record, Keeper::Setting);
    }
    let memory = record.remembered.as_ref().map(|session| {
        format!("; {session} asked all gate tasks about the same edit and harness, so this is its answer")
    });
    let asked = input
        .reconcile
        .outcomes
        .get(&edit.digest())
        .is_some_and(Outcome::is_near_miss);
    let near_miss = record.is_near_miss() && !asked;
    let status = match near_miss {
        true => OutcomeStatus::PendingReview,
        false => status(record.decision),
    };
    Outcome {
        benchmark_delta: record.overall_delta(),
        cluster_deltas: record.category_deltas(),
        error: (status != OutcomeStatus::Applied).then(|| format!("{}{}", record.told(), memory.unwrap_or_default())),
        gate: Some(record),
        ..outcome(edit, status)
    }
}

fn status(decision: GateDecision) -> OutcomeStatus {
    match decision {
        GateDecision::Accept => OutcomeStatus::Applied,
        GateDecision::Reject => OutcomeStatus::RejectedByGate,
        GateDecision::Undecided => OutcomeStatus::Undecided,
    }
}

/// The target of an edit: the category in its cluster, else the category with the cluster's id.
fn target(edit: &Edit, clusters: &[FailureCluster], input: &ExecuteInput) -> Option<String> {
    target_among(edit, clusters, |name| {
        input.gate.tasks.iter().any(|task| task.category == name)
    })
}
