//! The ops that change an agent's list of tools, and the description of a tool.

use schemars::JsonSchema;
use serde::Deserialize;

use super::edit_location::EditLocation;
use super::inapplicable::{Inapplicable, TomlProblem};
use super::originals::restored;
use super::{OpContext, toml_list};
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

pub(super) fn add(payload: &ListedTool, context: &OpContext) -> Result<Harness, Inapplicable> {
    rewritten(payload, context, toml_list::append)
}

pub(super) fn remove(payload: &ListedTool, context: &OpContext) -> Result<Harness, Inapplicable> {
    rewritten(payload, context, toml_list::remove)
}

/// Adds a name to the list at the keys of a TOML text, or removes it.
type Rewrite = fn(&str, &[String], &str) -> Result<String, TomlProblem>;

fn rewritten(payload: &ListedTool, context: &OpContext, rewrite: Rewrite) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("tool", &payload.tool_name)])?;
    place.rewrite(context.harness, |text| rewrite(text, &place.keys, &payload.tool_name))
}

pub(super) fn describe(payload: &Description, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("tool", &payload.tool_name)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let description = restored(&payload.new_description, &old, false)?;
    place.with_value(context.harness, &description.into())
}
