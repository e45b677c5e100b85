//! `list_available_tools`: the tools that the harness describes.

use serde_json::{Value, json};

use super::ToolContext;
use super::arguments::Arguments;
use super::told::Said;
use crate::artifact::edit::Op;
use crate::harness::op;
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "list_available_tools",
        "The tools that the harness describes, each with the description that the agent's model reads. Which agent has \
         which tool stands in the configuration (get_current_config).",
        json!({}),
        &[],
    )
}

pub(super) fn call(desk: &ToolContext, _: &Arguments) -> Result<Said, String> {
    Ok(Said::json(Value::Array(tools(desk))))
}

/// Every tool with what is known about it, in the order of the file.
pub(super) fn tools(desk: &ToolContext) -> Vec<Value> {
    let (harness, layout) = (desk.briefing.harness, desk.briefing.layout);
    let row = |(name, about): (String, Value)| {
        let description = op::standing(Op::EditToolDescription, ("tool", &name), harness, layout);
        let category = about["category"].as_str().unwrap_or("general");
        let agents = about["agents"].as_array().cloned().unwrap_or_default();
        json!({"name": name, "description": description, "category": category, "agents": agents})
    };
    op::described_tools(harness, layout).into_iter().map(row).collect()
}
