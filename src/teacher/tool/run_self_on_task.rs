//! `run_self_on_task`: the teacher's own answer to a train task, to see whether it can be solved at all.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::told::Said;
use super::{ToolContext, task};
use crate::artifact::task::Task;
use crate::llm::chat::ToolSpec;

/// Tokens of an answer, at most, and when nothing is said.
const MOST_TOKENS: f64 = 65_536.0;
const TOKENS: f64 = 2048.0;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "run_self_on_task",
        "Your own answer to a train task, to tell what the agent lacks from what no model can do.",
        json!({
            "task_id": {"type": "string", "description": "As list_personal_benchmark shows it."},
            "max_tokens": {"type": "integer", "default": 2048, "description": "Tokens of the answer, at most."},
        }),
        &["task_id"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let task = task(desk, given.text("task_id"))?;
    let Some(answer) = desk.answer else {
        return Ok(Said::json(yourself(task)));
    };
    let tokens = given.number("max_tokens").unwrap_or(TOKENS).clamp(1.0, MOST_TOKENS);
    let own = answer(task, tokens as u64)?;
    Ok(Said::json(json!({
        "task_id": task.task_id,
        "output": own.output,
        "reasoning": own.reasoning,
        "cost_usd": own.cost_usd,
        "tokens_used": own.tokens,
    })))
}

/// There is no other teacher than the caller.
fn yourself(task: &Task) -> Value {
    json!({
        "task_id": task.task_id,
        "query": task.query,
        "instruction": "You are the teacher: answer the query yourself, without looking at the reference answer. Then \
                        call compare_outputs with the output of run_student_on_task, your answer, and this task_id \
                        as `task`.",
    })
}
