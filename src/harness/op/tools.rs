//! The ops that change an agent's list of tools, and the description of a tool.

use schemars::JsonSchema;
use serde::Deserialize;

use super::OpContext;
use super::edit_location::EditLocation;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use crate::harness::Harness;

/// Arguments of `add_tool_to_agent` and `remove_tool_from_agent`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListedTool {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The tool's name.
    pub tool_name: String,
}

/// Arguments of `edit_tool_description`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Description {
    /// The tool's name.
    pub tool_name: String,
    /// The complete new description.
    pub new_description: String,
}

/// Adds a tool to the list, or removes it.
pub(super) fn list(payload: &ListedTool, is_added: bool, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("tool", &payload.tool_name)])?;
    place.with_name(context.harness, &payload.tool_name, is_added)
}

pub(super) fn describe(payload: &Description, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("tool", &payload.tool_name)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let description = restored(&payload.new_description, &old, false)?;
    place.with_value(context.harness, &description.into())
}
