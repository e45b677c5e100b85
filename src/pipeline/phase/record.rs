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
use crate::eval::run::{Evaluator, evaluate, evaluate_remembered};
use crate::harness::Harness;
use crate::ledger::port::CommitId;
use crate::llm::client;
use crate::pipeline::context::Context;
use crate::pipeline::late::standing;
use crate::workspace::error::RunError;
use crate::workspace::inputs::clean_harness;

/// The results of a settled session.
struct SettledSession<'a> {
    baseline: &'a Baseline,
    /// The edits of the plan.
    edits: &'a [Edit],
    /// The outcomes, including those of edits that left the plan.
    outcomes: &'a BTreeMap<Digest, Outcome>,
    /// The final score, if it is measured or read now; `None` if the record keeps the one that it has.
    last: Option<&'a FinalScore>,
}

/// The score after the session's own edits.
struct FinalScore {
    after: After,
    /// The last commit of an edit; that of the baseline if there was none.
    commit: CommitId,
}

/// Completes the record of a session. Without a new final score, the numbers that it has stay.
fn record(begun: SessionRecord, settled: &SettledSession, now: String) -> SessionRecord {
    let outcomes = fold(settled);
    let is_new = settled.last.is_some() || outcomes != begun.edit_outcomes;
    let record = SessionRecord {
        status: status(&outcomes),
        ended_at: begun.ended_at.clone().filter(|_| !is_new).or(Some(now)),
        diagnosis_path: Some("diagnosis.md".into()),
        plan_path: Some("plan.json".into()),
        edit_outcomes: outcomes,
        error: None,
        ..begun
    };
    let Some(last) = settled.last else { return record };
    SessionRecord {
        benchmark_before: Some(snapshot(settled.baseline, &settled.baseline.evaluation)),
        benchmark_after: last
            .after
            .is_measured()
            .then(|| snapshot(settled.baseline, &last.after.evaluation)),
        harness_after: Some(last.after.harness),
        git_checkpoint_pre: Some(settled.baseline.harness_commit.clone()),
        git_checkpoint_post: Some(last.commit.clone()),
        ..record
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
        unscored: evaluation.infra_errors,
    }
}

/// Runs the phase.
pub(super) fn run(context: &Context) -> Result<PhaseOutput, RunError> {
    let (plan, baseline): (Plan, Baseline) = (context.need("plan.json")?, context.need("baseline.json")?);
    let begun: SessionRecord = context.need("session.json")?;
    let outcomes = context.session.outcomes()?;
    let last = final_score(context, &begun, &baseline, &outcomes)?;
    let settled = SettledSession {
        baseline: &baseline,
        edits: &plan.edits,
        outcomes: &outcomes,
        last: last.as_ref(),
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
        context.workspace.clock.stamp(),
    );
    let summary = summary(&record, last.as_ref().map(|last| &last.after.evaluation));
    let after = last.map(|last| (after::FILE.to_owned(), last.after.to_text()));
    Ok(PhaseOutput {
        files: after
            .into_iter()
            .chain([("session.json".into(), record.to_text())])
            .collect(),
        summary,
    })
}

/// The score after the session's own edits, if it has to be measured: the session has none yet, or it committed an edit
/// since, and nobody else changed the harness or the benchmark meanwhile. A session gets no credit for what others
/// changed.
fn final_score(
    context: &Context,
    begun: &SessionRecord,
    baseline: &Baseline,
    outcomes: &BTreeMap<Digest, Outcome>,
) -> Result<Option<FinalScore>, RunError> {
    let is_measured = begun.benchmark_after.is_some();
    if is_measured && !has_new_commit(begun, outcomes) {
        return Ok(None);
    }
    let head = clean_harness(context.workspace, context.inputs)?;
    let standing = standing(context, baseline, head.digest())?;
    if is_measured && standing.has_moved {
        return Ok(None);
    }
    let harness = match standing.has_moved {
        true => context.inputs.harness_at(&standing.tip)?,
        false => head,
    };
    let known: Option<After> = context.session.read(after::FILE)?;
    let known = known.filter(|known| known.harness == harness.digest());
    let after = match known {
        Some(known) => known,
        None => {
            let evaluation = measured(context, baseline, &harness, outcomes)?;
            After {
                version: 1,
                harness: harness.digest(),
                not_measured: evaluation.is_none().then(|| UNGATED.to_owned()),
                evaluation: evaluation.unwrap_or_else(|| Evaluation::of(Vec::new())),
                extra: Default::default(),
            }
        }
    };
    let commit = standing.tip;
    Ok(Some(FinalScore { after, commit }))
}

/// Whether the session committed an edit that its record does not know as applied.
fn has_new_commit(begun: &SessionRecord, outcomes: &BTreeMap<Digest, Outcome>) -> bool {
    let is_known = |outcome: &&Outcome| {
        let same = |known: &EditOutcome| {
            let applied = known.status == OutcomeStatus::Applied && known.commit == outcome.commit;
            applied && known.edit_digest == outcome.edit_digest
        };
        begun.edit_outcomes.iter().any(same)
    };
    let mut applied = outcomes
        .values()
        .filter(|outcome| outcome.status == OutcomeStatus::Applied);
    applied.any(|outcome| !is_known(&outcome))
}

/// Why the final head of a session has no score.
const UNGATED: &str = "an edit was accepted without the gate, and no attempt was made to measure it";

/// Whether only attempts that nobody asked for would give the final head a score: a person applied an edit
/// without the gate, and attempts cost money or time. The head is measured when the next edit needs it.
fn needs_attempts(evaluator: &Evaluator, outcomes: &BTreeMap<Digest, Outcome>) -> bool {
    let ungated = |outcome: &Outcome| outcome.gate_skipped && outcome.status == OutcomeStatus::Applied;
    evaluator.student.is_expensive() && outcomes.values().any(ungated)
}

/// The evaluation of a harness on the gate tasks; the baseline's, if nothing was applied to it. `None` if it needs
/// attempts that nobody asked for.
fn measured(
    context: &Context,
    baseline: &Baseline,
    harness: &Harness,
    outcomes: &BTreeMap<Digest, Outcome>,
) -> Result<Option<Evaluation>, RunError> {
    if harness.digest() == baseline.harness {
        return Ok(Some(baseline.evaluation.clone()));
    }
    let gate = context.inputs.gate(&context.session.id)?;
    let tasks: Vec<_> = gate.iter().collect();
    let evaluated = context.evaluating("record", |evaluator| match needs_attempts(&evaluator, outcomes) {
        true => Ok(evaluate_remembered(&evaluator, harness, &tasks)),
        false => evaluate(&evaluator, harness, &tasks).map(Some),
    });
    evaluated.map_err(|halted| context.failed("record")(halted.to_string()))
}

fn summary(record: &SessionRecord, after: Option<&Evaluation>) -> String {
    let unscored = after.and_then(Evaluation::unscored);
    format!(
        "{} before, {} after{}",
        percent(&record.benchmark_before),
        percent(&record.benchmark_after),
        unscored.map(|unscored| format!("; {unscored}")).unwrap_or_default()
    )
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

fn percent(snapshot: &Option<Snapshot>) -> String {
    let score = |snapshot: &Snapshot| format!("{:.1} %", 100.0 * snapshot.overall_score);
    snapshot.as_ref().map_or("not measured".to_owned(), score)
}
