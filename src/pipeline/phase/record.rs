//! Record: folds outcomes and scores into `session.json`. Pure.

use std::collections::BTreeMap;

use crate::artifact::baseline::Baseline;
use crate::artifact::edit::Edit;
use crate::artifact::evaluation::Evaluation;
use crate::artifact::outcome::{Outcome, OutcomeStatus};
use crate::artifact::record::{EditOutcome, Record, Snapshot, Status};
use crate::digest::Digest;

/// What a settled session knows.
pub(crate) struct Settled<'a> {
    /// Before any edit.
    pub baseline: &'a Baseline,
    /// The edits of the plan.
    pub edits: &'a [Edit],
    /// What became of them.
    pub outcomes: &'a BTreeMap<Digest, Outcome>,
    /// The final head's score.
    pub after: &'a Evaluation,
    /// The final head.
    pub harness: Digest,
    /// The last commit of an edit, if there was one.
    pub last_commit: Option<String>,
}

/// The record of a settled session, from the record of one under way.
pub(crate) fn record(begun: Record, settled: &Settled, now: String) -> Record {
    let outcomes = fold(settled);
    Record {
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

/// The edits of the plan in its order, then those that left it after they had been applied.
fn fold(settled: &Settled) -> Vec<EditOutcome> {
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

/// An outcome in the form of the record.
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

/// Where a session stands when its edits have come to these ends.
pub(crate) fn status(outcomes: &[EditOutcome]) -> Status {
    let any = |status| outcomes.iter().any(|outcome| outcome.status == status);
    if any(OutcomeStatus::PendingReview) {
        Status::AwaitingReview
    } else if any(OutcomeStatus::RolledBack) && !any(OutcomeStatus::Applied) {
        Status::RolledBack
    } else {
        Status::Completed
    }
}

/// An evaluation in the form of the record.
pub(crate) fn snapshot(baseline: &Baseline, evaluation: &Evaluation) -> Snapshot {
    Snapshot {
        benchmark_version: baseline.benchmark.to_string(),
        overall_score: evaluation.overall_score,
        cluster_scores: evaluation.category_scores.clone(),
        task_count: evaluation.task_count,
    }
}
