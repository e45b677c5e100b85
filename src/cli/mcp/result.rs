//! Answers to an MCP client: JSON or text, and the result of a run with its outcomes, scores, commits and next steps.

use serde_json::{Value, json};

use crate::artifact::record::{SessionRecord, SessionStatus, Snapshot, without_score};
use crate::cli::exit::CommandFailure;
use crate::pipeline::options::{RunResult, WaitingFor};
use crate::workspace::error::RunError;

/// The first step of a session.
pub(crate) const FIRST: &str = "examine the evidence, then submit_diagnosis";

/// The next step when edits wait for a person.
pub(crate) const REVIEW: &str = "a person has to review the waiting edits: kaizen review, then kaizen run";

/// The next step when a person has to release the plan of a session.
pub(crate) fn release(session: &str) -> String {
    format!("a person has to release the plan: kaizen release {session}")
}

/// The largest number of outcomes in a result. The record has all.
const MOST_OUTCOMES: usize = 100;

/// The answer of a tool.
pub(crate) struct McpAnswer {
    /// JSON, or the content of a file.
    pub text: String,
    /// How to get the rest, if the text is a part, as JSON.
    pub note: Option<String>,
    /// Whether the call failed.
    pub is_error: bool,
}

impl McpAnswer {
    /// A successful answer.
    pub(crate) fn json(value: &Value) -> Self {
        Self {
            text: value.to_string(),
            note: None,
            is_error: false,
        }
    }

    /// An error with a message.
    pub(crate) fn error(problem: impl Into<String>) -> Self {
        Self {
            text: json!({"error": problem.into()}).to_string(),
            note: None,
            is_error: true,
        }
    }

    /// An error with all problems of a submission.
    pub(crate) fn problems(problems: &[String]) -> Self {
        Self {
            text: json!({"error": "nothing was written", "problems": problems}).to_string(),
            note: None,
            is_error: true,
        }
    }
}

/// The result of a run.
pub(crate) fn result(ended: Result<RunResult, RunError>) -> Value {
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => return failed(error),
    };
    if let Some(WaitingFor::NotReady(problem)) = &ended.waits {
        return json!({"error": problem, "session": ended.session.id});
    }
    let record = &ended.record;
    let mut outcomes = outcomes(&ended);
    let more = outcomes.len().saturating_sub(MOST_OUTCOMES);
    outcomes.truncate(MOST_OUTCOMES);
    let score = |snapshot: &Option<Snapshot>| snapshot.as_ref().map(|snapshot| snapshot.overall_score);
    json!({
        "session": ended.session.id,
        "status": record.status,
        "score_before": score(&record.benchmark_before),
        "score_after": score(&record.benchmark_after),
        "unscored": without_score(record.benchmark_before.as_ref(), record.benchmark_after.as_ref()),
        "outcomes": outcomes,
        "more_outcomes": more,
        "next": next(&ended),
    })
}

/// The result of a failed run, with a hint.
pub(crate) fn failed(error: RunError) -> Value {
    let failure = CommandFailure::from(error);
    json!({"error": failure.message, "hint": failure.hint})
}

fn outcomes(ended: &RunResult) -> Vec<Value> {
    let all = ended.session.outcomes().unwrap_or_default();
    let one = |outcome: &crate::artifact::outcome::Outcome| {
        json!({
            "edit": outcome.edit_id, "op": outcome.op.name(), "target": outcome.target, "status": outcome.status,
            "delta": outcome.benchmark_delta, "interval": outcome.interval(), "reason": outcome.error, "commit": outcome.commit,
        })
    };
    all.values().map(one).collect()
}

fn next(ended: &RunResult) -> String {
    let folder = ended.session.relative();
    match &ended.waits {
        Some(WaitingFor::Write(file)) if *file == "plan.json" => "submit_plan, then start_benchmark".to_owned(),
        Some(WaitingFor::Write(_)) => FIRST.to_owned(),
        Some(WaitingFor::Release) => release(&ended.session.id),
        Some(WaitingFor::NotReady(problem)) => problem.clone(),
        None => of_record(&ended.record, &folder),
    }
}

fn of_record(record: &SessionRecord, folder: &str) -> String {
    match record.status {
        SessionStatus::AwaitingReview => REVIEW.to_owned(),
        status if status.is_under_way() => FIRST.to_owned(),
        _ => format!("done; the record is {folder}/session.json, and another submit_diagnosis starts another session"),
    }
}
