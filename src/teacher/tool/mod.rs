//! The eleven read-only tools with which a teacher looks at evidence, the harness, and train tasks.
//!
//! Everything comes out of the briefing, so that a gate or test task is as unknown here as one that does not exist,
//! and everything that is shown is redacted.

mod arguments;
mod compare_outputs;
mod get_agent_prompt;
mod get_current_config;
mod get_tool_description;
mod get_trace;
mod list_available_tools;
mod list_personal_benchmark;
mod list_traces;
mod run_self_on_task;
mod run_student_on_task;
mod search_traces;
#[cfg(test)]
mod tests;
mod told;

use serde_json::{Map, Value, json};

use self::arguments::Arguments;
use self::told::Said;
pub(crate) use self::told::ToolOutput;
use crate::artifact::task::Task;
use crate::llm::chat::ToolSpec;
use crate::llm::redact::Redactor;
use crate::teacher::Briefing;

/// What the tools work on.
pub(crate) struct ToolContext<'a> {
    /// What the teacher is given.
    pub briefing: &'a Briefing<'a>,
    /// Takes secrets out of everything that is shown.
    pub redactor: &'a Redactor,
    /// The teacher's own answer to a train task, in at most so many tokens; `None`: the teacher answers by itself.
    pub answer: Option<&'a Answering<'a>>,
    /// Compares the student's output with the teacher's on a task: (student's score, teacher's score, reasoning).
    pub compare: Option<&'a Comparing<'a>>,
}

/// Answers a task in at most so many tokens.
pub(crate) type Answering<'a> = dyn Fn(&Task, u64) -> Result<OwnAnswer, String> + 'a;

/// Compares two outputs on a task.
pub(crate) type Comparing<'a> = dyn Fn(&str, &str, &str) -> Result<(f64, f64, String), String> + 'a;

/// What the teacher itself answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnAnswer {
    /// The answer.
    pub output: String,
    /// How it came to it; may be empty.
    pub reasoning: String,
    /// Dollars; `None` when unknown.
    pub cost_usd: Option<f64>,
    /// Tokens in and out; `None` when unknown.
    pub tokens: Option<u64>,
}

/// What every tool has.
struct Tool {
    name: &'static str,
    spec: fn() -> ToolSpec,
    call: fn(&ToolContext, &Arguments) -> Result<Said, String>,
}

/// A row of the table: the tool's name is its module's.
macro_rules! tool {
    ($name:ident) => {
        Tool {
            name: stringify!($name),
            spec: $name::spec,
            call: $name::call,
        }
    };
}

/// Every tool, in the ancestor's order.
const TOOLS: [Tool; 11] = [
    tool!(list_traces),
    tool!(get_trace),
    tool!(search_traces),
    tool!(get_current_config),
    tool!(get_agent_prompt),
    tool!(get_tool_description),
    tool!(list_available_tools),
    tool!(list_personal_benchmark),
    tool!(run_student_on_task),
    tool!(run_self_on_task),
    tool!(compare_outputs),
];

/// What a model reads about the tools.
pub(crate) fn specs() -> Vec<ToolSpec> {
    TOOLS.iter().map(|tool| (tool.spec)()).collect()
}

/// Calls a tool. It never fails: what goes wrong is a text `{"error": …}` for the caller.
pub(crate) fn call(desk: &ToolContext, name: &str, arguments: &Map<String, Value>) -> ToolOutput {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        return ToolOutput::error(format!("Unknown tool: {name}"), desk.redactor);
    };
    let said = Arguments::checked(&(tool.spec)(), arguments).and_then(|given| (tool.call)(desk, &given));
    match said {
        Ok(said) => said.told(desk.redactor),
        Err(problem) => ToolOutput::error(problem, desk.redactor),
    }
}

/// A tool's description; its arguments are strict, and in the plain JSON Schema that every provider takes.
fn spec(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false
        }),
    }
}

/// A train task by its id.
fn task<'a>(desk: &ToolContext<'a>, id: &str) -> Result<&'a Task, String> {
    let found = desk.briefing.train.iter().find(|task| task.task_id == id);
    found.ok_or_else(|| format!("Task {id} not found in benchmark"))
}
