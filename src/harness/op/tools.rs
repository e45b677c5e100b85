//! The ops on tools: the list that an agent has, and the description that the model reads.

use schemars::JsonSchema;
use serde::Deserialize;

use super::inapplicable::{Inapplicable, TomlProblem};
use super::originals::restored;
use super::place::EditLocation;
use super::{Context, toml_list};
use crate::harness::Harness;

/// Arguments of `add_tool_to_agent` and `remove_tool_from_agent`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListedTool {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The tool.
    pub tool_name: String,
}

/// Arguments of `edit_tool_description`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Description {
    /// The tool.
    pub tool_name: String,
    /// The whole new description.
    pub new_description: String,
}

pub(super) fn add(payload: &ListedTool, context: &Context) -> Result<Harness, Inapplicable> {
    rewritten(payload, context, toml_list::append)
}

pub(super) fn remove(payload: &ListedTool, context: &Context) -> Result<Harness, Inapplicable> {
    rewritten(payload, context, toml_list::remove)
}

/// Changes the list at the keys by one name.
type Rewrite = fn(&str, &[String], &str) -> Result<String, TomlProblem>;

fn rewritten(payload: &ListedTool, context: &Context, rewrite: Rewrite) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("tool", &payload.tool_name)])?;
    place.rewrite(context.harness, |text| rewrite(text, &place.keys, &payload.tool_name))
}

pub(super) fn describe(payload: &Description, context: &Context) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("tool", &payload.tool_name)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let description = restored(&payload.new_description, &old, false)?;
    place.with_value(context.harness, &description.into())
}
