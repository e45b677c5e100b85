//! Answers to an MCP client: JSON or text, and the result of a run with its outcomes, scores, commits and next steps.

use serde_json::{Value, json};

use crate::artifact::outcome::Outcome;
use crate::artifact::record::{SessionRecord, SessionStatus, Snapshot, without_score};
use crate::cli::exit::CommandFailure;
use crate::pipeline::options::{RunResult, WaitingFor};
use crate::pipeline::state::settled;
use crate::workspace::error::RunError;
use crate::workspace::session::Session;

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
    let (outcomes, more) = match settled(record) {
        true => outcomes(&ended.session),
        false => (Vec::new(), 0),
    };
    let score = |snapshot: &Option<Snapshot>| Some(snapshot.as_ref()?.overall_score).filter(|_| settled(record));
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

/// The outcomes of a settled session, at most [`MOST_OUTCOMES`], and the number of further ones. The client is a teacher,
/// so it sees one number of the gate per edit, with its interval, and neither tasks nor categories.
pub(crate) fn outcomes(session: &Session) -> (Vec<Value>, usize) {
    let all = session.outcomes().unwrap_or_default();
    let one = |outcome: &Outcome| {
        json!({
            "edit": outcome.edit_id, "op": outcome.op.name(), "target": outcome.target, "status": outcome.status,
            "delta": outcome.benchmark_delta, "interval": outcome.interval(), "reason": reason(outcome), "commit": outcome.commit,
        })
    };
    let more = all.len().saturating_sub(MOST_OUTCOMES);
    (all.values().take(MOST_OUTCOMES).map(one).collect(), more)
}

/// Why an edit has its status. Of the gate's reasons, a teacher sees only the class.
fn reason(outcome: &Outcome) -> Option<String> {
    match (&outcome.gate, &outcome.verdict) {
        (Some(record), _) => Some(record.reason.name().to_owned()),
        (None, Some(_)) => outcome.reason_class().map(str::to_owned),
        (None, None) => outcome.error.clone(),
    }
}

fn next(ended: &RunResult) -> String {
    match &ended.waits {
        Some(WaitingFor::Write(file)) if *file == "plan.json" => "submit_plan, then start_benchmark".to_owned(),
        Some(WaitingFor::Write(_)) => FIRST.to_owned(),
        Some(WaitingFor::Release) => release(&ended.session.id),
        Some(WaitingFor::NotReady(problem)) => problem.clone(),
        None => of_record(&ended.record).to_owned(),
    }
}

fn of_record(record: &SessionRecord) -> &'static str {
    match record.status {
        SessionStatus::AwaitingReview => REVIEW,
        status if status.is_under_way() => FIRST,
        _ => "done; another submit_diagnosis starts another session",
    }
}
