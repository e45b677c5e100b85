//! `get_agent_prompt`: an agent's system prompt.

use serde_json::json;

use super::ToolContext;
use super::arguments::Arguments;
use super::told::Said;
use crate::artifact::edit::Op;
use crate::harness::op;
use crate::llm::chat::ToolSpec;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "get_agent_prompt",
        "The system prompt of an agent as it stands. A patch_system_prompt edit must fit its lines exactly.",
        json!({"agent_name": {"type": "string", "description": "The agent's name, as in the configuration."}}),
        &["agent_name"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let (name, briefing) = (given.text("agent_name"), desk.briefing);
    let found = op::standing(
        Op::ReplaceSystemPrompt,
        ("agent", name),
        briefing.harness,
        briefing.layout,
    );
    Ok(Said::text(found.unwrap_or_else(|| {
        format!("No system prompt found for agent '{name}'.")
    })))
}
