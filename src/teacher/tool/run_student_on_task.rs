//! `run_student_on_task`: the student's answer to a train task, as the harness stands, and what it is worth.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::told::Said;
use super::{ToolContext, task};
use crate::artifact::evaluation::Attempt;
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "run_student_on_task",
        "Lets the agent, as it stands, answer a train task: its output, and the score from 0 to 1.",
        json!({"task_id": {"type": "string", "description": "As list_personal_benchmark shows it."}}),
        &["task_id"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let task = task(desk, given.text("task_id"))?;
    let attempted = (desk.briefing.run_student)(desk.briefing.harness, &[task]);
    let attempted = attempted.first().ok_or("the student gave no answer")?;
    let mut said = json!({
        "task_id": task.task_id,
        "output": null,
        "score": attempted.score,
        "trace_id": null,
        "latency_seconds": null,
        "tokens_used": null,
    });
    match &attempted.attempt {
        Attempt::Answered { answer, .. } => said["output"] = Value::from(answer.as_str()),
        Attempt::Failed { reason } => said["error"] = Value::from(format!("the student failed: {reason}")),
        Attempt::Infra { reason } => said["error"] = Value::from(format!("the student could not be run: {reason}")),
    }
    Ok(Said::json(said))
}
