//! How a run ended, for a client: outcomes, scores, commits, and what is to be done next.

use serde_json::{Value, json};

use crate::artifact::record::{Record, Snapshot, Status};
use crate::cli::exit::Failure;
use crate::pipeline::options::{RunResult, WaitingFor};
use crate::workspace::Workspace;
use crate::workspace::error::RunError;

/// The result of a run.
pub(crate) fn result(workspace: &Workspace, ended: Result<RunResult, RunError>) -> Value {
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => return failed(error),
    };
    if let Some(WaitingFor::NotReady(problem)) = &ended.waits {
        return json!({"error": problem, "session": ended.session.id});
    }
    let record = &ended.record;
    let score = |snapshot: &Option<Snapshot>| snapshot.as_ref().map(|snapshot| snapshot.overall_score);
    json!({
        "session": ended.session.id,
        "status": record.status,
        "score_before": score(&record.benchmark_before),
        "score_after": score(&record.benchmark_after),
        "outcomes": outcomes(workspace, &ended),
        "next": next(&ended),
    })
}

/// A run that failed, with the remedy.
pub(crate) fn failed(error: RunError) -> Value {
    let failure = Failure::from(error);
    json!({"error": failure.message, "hint": failure.hint})
}

fn outcomes(_: &Workspace, ended: &RunResult) -> Vec<Value> {
    let all = ended.session.outcomes().unwrap_or_default();
    let one = |outcome: &crate::artifact::outcome::Outcome| {
        json!({
            "edit": outcome.edit_id, "op": outcome.op.name(), "target": outcome.target, "status": outcome.status,
            "delta": outcome.benchmark_delta, "reason": outcome.error, "commit": outcome.commit,
        })
    };
    all.values().map(one).collect()
}

fn next(ended: &RunResult) -> String {
    let folder = ended.session.relative();
    match &ended.waits {
        Some(WaitingFor::Write(file)) if *file == "plan.json" => "submit_plan, then start_benchmark".to_owned(),
        Some(WaitingFor::Write(_)) => "look at the evidence, then submit_diagnosis".to_owned(),
        Some(WaitingFor::Release) => format!("a person releases the plan: kaizen release {}", ended.session.id),
        Some(WaitingFor::NotReady(problem)) => problem.clone(),
        None => of_record(&ended.record, &folder),
    }
}

fn of_record(record: &Record, folder: &str) -> String {
    match record.status {
        Status::AwaitingReview => "a person answers what waits: kaizen review, then kaizen run".to_owned(),
        status if status.is_under_way() => "look at the evidence, then submit_diagnosis".to_owned(),
        _ => format!("done; the record is {folder}/session.json, and another submit_diagnosis begins another session"),
    }
}
