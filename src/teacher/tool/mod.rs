//! The eleven read-only tools with which a teacher examines evidence, the harness and train tasks.
//!
//! All data come from the briefing, so a gate or test task is treated like a task that does not exist. All output is
//! redacted.

mod arguments;
mod harness;
mod output;
mod page;
mod tasks;
#[cfg(test)]
mod tests;
mod traces;

use serde_json::{Map, Value, json};

use self::arguments::ToolArguments;
pub(crate) use self::arguments::{ArgumentProblem, joined, shaped};
use self::output::RawOutput;
pub(crate) use self::output::ToolOutput;
use crate::artifact::Money;
use crate::artifact::task::Task;
use crate::llm::chat::ToolSpec;
use crate::llm::redact::Redactor;
use crate::teacher::Briefing;

/// The data and functions that the tools use.
pub(crate) struct ToolContext<'a> {
    /// The briefing of the teacher.
    pub briefing: &'a Briefing<'a>,
    /// Removes secrets from all output.
    pub redactor: &'a Redactor,
    /// Lets the teacher's model answer a train task; `None`: the caller is the teacher and answers itself.
    pub answer: Option<&'a Answering<'a>>,
    /// Compares the student's output with the teacher's: student's score, teacher's score, reasoning.
    pub compare: Option<&'a Comparing<'a>>,
}

/// Answers a task; the number is the largest number of tokens.
pub(crate) type Answering<'a> = dyn Fn(&Task, u64) -> Result<OwnAnswer, String> + 'a;

/// Compares two outputs for a query.
pub(crate) type Comparing<'a> = dyn Fn(&str, &str, &str) -> Result<(f64, f64, String), String> + 'a;

/// The teacher's answer to a train task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnAnswer {
    /// The answer.
    pub output: String,
    /// The reasoning; may be empty.
    pub reasoning: String,
    /// The cost in dollars; `None` if unknown.
    pub cost_usd: Option<Money>,
    /// Input and output tokens; `None` if unknown.
    pub tokens: Option<u64>,
}

/// A tool: its name, its description for the model, and its function.
struct Tool {
    name: &'static str,
    about: &'static str,
    /// The JSON Schemas of its arguments, by name.
    parameters: fn() -> Value,
    /// The arguments that it needs.
    required: &'static [&'static str],
    call: fn(&ToolContext, &ToolArguments) -> Result<RawOutput, String>,
}

impl Tool {
    /// The description for a model. Its schema refuses unknown arguments, and uses only keywords that every provider
    /// supports.
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.name.to_owned(),
            description: self.about.to_owned(),
            parameters: json!({
                "type": "object", "properties": (self.parameters)(), "required": self.required,
                "additionalProperties": false
            }),
        }
    }
}

/// Every tool, in the order of OpenJarvis.
const TOOLS: [Tool; 11] = [
    traces::LIST_TRACES,
    traces::GET_TRACE,
    traces::SEARCH_TRACES,
    harness::GET_CURRENT_CONFIG,
    harness::GET_AGENT_PROMPT,
    harness::GET_TOOL_DESCRIPTION,
    harness::LIST_AVAILABLE_TOOLS,
    tasks::LIST_PERSONAL_BENCHMARK,
    tasks::RUN_STUDENT_ON_TASK,
    tasks::RUN_SELF_ON_TASK,
    tasks::COMPARE_OUTPUTS,
];

/// The descriptions of the tools for a model.
pub(crate) fn specs() -> Vec<ToolSpec> {
    TOOLS.iter().map(Tool::spec).collect()
}

/// Calls a tool. It never fails: a problem becomes the text `{"error": …}` for the caller.
pub(crate) fn call(context: &ToolContext, name: &str, arguments: &Map<String, Value>) -> ToolOutput {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        return ToolOutput::error(format!("Unknown tool: {name}"), context.redactor);
    };
    let said = ToolArguments::checked(&tool.spec(), arguments).and_then(|given| (tool.call)(context, &given));
    match said {
        Ok(said) => said.redacted(context.redactor),
        Err(problem) => ToolOutput::error(problem, context.redactor),
    }
}

/// A train task by its id.
fn task<'a>(context: &ToolContext<'a>, id: &str) -> Result<&'a Task, String> {
    let found = context.briefing.train.iter().find(|task| task.task_id == id);
    found.ok_or_else(|| format!("Task {id} not found in benchmark"))
}
