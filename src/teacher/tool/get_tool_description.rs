//! `get_tool_description`: what the model reads about a tool.

use serde_json::json;

use super::ToolContext;
use super::arguments::Arguments;
use super::list_available_tools::tools;
use super::told::Said;
use crate::artifact::edit::Op;
use crate::harness::op;
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "get_tool_description",
        "What the agent's model reads about one of its tools, as it stands.",
        json!({"tool_name": {"type": "string", "description": "As list_available_tools shows it."}}),
        &["tool_name"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let (name, briefing) = (given.text("tool_name"), desk.briefing);
    let place = ("tool", name);
    let found = op::standing(Op::EditToolDescription, place, briefing.harness, briefing.layout);
    Ok(Said::text(found.unwrap_or_else(
        || match tools(desk).iter().any(|tool| tool["name"] == name) {
            true => format!("Tool '{name}' found but no description field."),
            false => format!("No tool '{name}' found."),
        },
    )))
}
