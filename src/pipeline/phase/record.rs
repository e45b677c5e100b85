//! Phase `record`: writes outcomes, scores and cost to `session.json`.

use std::collections::BTreeMap;

use super::PhaseOutput;
use crate::artifact::after::{self, After};
use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::egress::LlmRole;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::plan::Plan;
use crate::artifact::record::{EditOutcome, SessionRecord, SessionStatus, Snapshot};
use crate::artifact::spending::{self, RoleSpending};
use crate::artifact::{Artifact, Money};
use crate::digest::Digest;
use crate::eval::run::evaluate;
use crate::ledger::port::LedgerEntry;
use crate::llm::client;
use crate::pipeline::context::Context;
use crate::workspace::error::RunError;
use crate::workspace::inputs::clean_harness;

/// The results of a settled session.
pub(crate) struct SettledSession<'a> {
    pub baseline: &'a Baseline,
    /// The edits of the plan.
    pub edits: &'a [Edit],
    /// The outcomes, including those of edits that left the plan.
    pub outcomes: &'a BTreeMap<Digest, Outcome>,
    /// The evaluation of the final head.
    pub after: &'a Evaluation,
    /// Digest of the final head.
    pub harness: Digest,
    /// The last commit of an edit, if there was one.
    pub last_commit: Option<String>,
}

/// Completes the record of a session.
pub(crate) fn record(begun: SessionRecord, settled: &SettledSession, now: String) -> SessionRecord {
    let outcomes = fold(settled);
    SessionRecord {
        status: status(&outcomes),
        ended_at: Some(now),
        diagnosis_path: Some("diagnosis.md".into()),
        plan_path: Some("plan.json".into()),
        benchmark_before: Some(snapshot(settled.baseline, &settled.baseline.evaluation)),
        benchmark_after: Some(snapshot(settled.baseline, settled.after)),
        edit_outcomes: outcomes,
        harness_after: Some(settled.harness),
        git_checkpoint_pre: Some(settled.baseline.harness_commit.clone()),
        git_checkpoint_post: settled
            .last_commit
            .clone()
            .or_else(|| Some(settled.baseline.harness_commit.clone())),
        error: None,
        ..begun
    }
}

/// The outcomes of the plan's edits in its order, then those of applied edits that left the plan.
fn fold(settled: &SettledSession) -> Vec<EditOutcome> {
    let mut left: BTreeMap<&Digest, &Outcome> = settled.outcomes.iter().collect();
    let planned: Vec<Digest> = settled.edits.iter().map(Edit::digest).collect();
    let in_plan = planned
        .iter()
        .filter_map(|digest| left.remove(digest))
        .map(edit_outcome)
        .collect::<Vec<_>>();
    in_plan
        .into_iter()
        .chain(left.into_values().map(edit_outcome))
        .collect()
}

/// An outcome in the format of the record.
pub(crate) fn edit_outcome(outcome: &Outcome) -> EditOutcome {
    EditOutcome {
        edit_id: outcome.edit_id.clone(),
        edit_digest: outcome.edit_digest,
        status: outcome.status,
        benchmark_delta: outcome.benchmark_delta,
        interval: outcome.interval(),
        cluster_deltas: outcome.cluster_deltas.clone(),
        error: outcome.error.clone(),
        applied_at: outcome.applied_at.clone(),
        commit: outcome.commit.clone(),
    }
}

/// The status of a session whose edits have these outcomes.
pub(crate) fn status(outcomes: &[EditOutcome]) -> SessionStatus {
    let any = |status| outcomes.iter().any(|outcome| outcome.status == status);
    if any(OutcomeStatus::PendingReview) {
        SessionStatus::AwaitingReview
    } else if any(OutcomeStatus::RolledBack) && !any(OutcomeStatus::Applied) {
        SessionStatus::RolledBack
    } else {
        SessionStatus::Completed
    }
}

/// An evaluation in the format of the record.
pub(crate) fn snapshot(baseline: &Baseline, evaluation: &Evaluation) -> Snapshot {
    Snapshot {
        benchmark_version: baseline.benchmark.to_string(),
        overall_score: evaluation.overall_score,
        cluster_scores: evaluation.category_scores.clone(),
        task_count: evaluation.task_count,
    }
}

/// Runs the phase.
pub(super) fn run(context: &Context) -> Result<PhaseOutput, RunError> {
    let workspace = context.workspace;
    let (plan, baseline): (Plan, Baseline) = (context.need("plan.json")?, context.need("baseline.json")?);
    let begun: SessionRecord = context.need("session.json")?;
    let gate = context.inputs.gate(&context.session.id)?;
    let harness = clean_harness(workspace, context.inputs)?;
    let tasks: Vec<_> = gate.iter().collect();
    let after = context
        .evaluating(|evaluator| evaluate(&evaluator, &harness, &tasks))
        .map_err(|halted| context.failed("record")(halted.to_string()))?;
    let (entries, _) = context
        .inputs
        .history(&context.session.id, Some(&baseline.harness_commit))?;
    let of_an_edit = |entry: &&LedgerEntry| {
        entry
            .trailer("Edit-Digest")
            .or_else(|| entry.trailer("Reverts-Edit"))
            .is_some()
    };
    let settled = SettledSession {
        baseline: &baseline,
        edits: &plan.edits,
        outcomes: &context.session.outcomes()?,
        after: &after,
        harness: harness.digest(),
        last_commit: entries.iter().rev().find(of_an_edit).map(|entry| entry.commit.clone()),
    };
    let autonomy_mode = context.autonomy_of(Some(&begun));
    let spending = spending::sums(&client::spent(context.session.root(), &context.session.path(""))?);
    let teacher_cost_usd = teacher_cost(&spending, &plan);
    let record = record(
        SessionRecord {
            autonomy_mode,
            teacher_cost_usd,
            spending,
            ..begun
        },
        &settled,
        workspace.clock.stamp(),
    );
    let summary = format!(
        "{:.1} % before, {:.1} % after",
        percent(&record.benchmark_before),
        percent(&record.benchmark_after)
    );
    let after = After {
        version: 1,
        harness: harness.digest(),
        evaluation: after,
        extra: Default::default(),
    };
    Ok(PhaseOutput {
        files: vec![
            (after::FILE.into(), after.to_text()),
            ("session.json".into(), record.to_text()),
        ],
        summary,
    })
}

/// Cost of the teacher in dollars: of its calls to a language model through kaizen, else the figure in the plan.
fn teacher_cost(spending: &BTreeMap<LlmRole, RoleSpending>, plan: &Plan) -> Option<Money> {
    let asked = spending
        .keys()
        .any(|role| *role != LlmRole::Student && *role != LlmRole::Judge);
    match asked {
        true => spending::teacher_cost(spending),
        false => plan.estimated_cost_usd,
    }
}

fn percent(snapshot: &Option<Snapshot>) -> f64 {
    snapshot.as_ref().map_or(0.0, |snapshot| 100.0 * snapshot.overall_score)
}
