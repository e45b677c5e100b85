//! `list_personal_benchmark`: the train tasks, with their reference answers.

use serde_json::{Value, json};

use super::ToolContext;
use super::arguments::Arguments;
use super::told::Said;
use crate::artifact::task::Task;
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "list_personal_benchmark",
        "The train tasks of the agent's benchmark, with the right answers. Edits are judged on other tasks, which \
         nobody here can see.",
        json!({"limit": {"type": "integer", "default": 50, "description": "How many, at most 100."}}),
        &[],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let tasks = desk.briefing.train.iter().take(given.limit(50));
    Ok(Said::json(tasks.map(row).collect()))
}

fn row(task: &Task) -> Value {
    json!({
        "task_id": task.task_id,
        "query": task.query,
        "reference_answer": task.reference_answer,
        "category": task.category,
    })
}
