//! `add_tool_to_agent` and `remove_tool_from_agent`: the list of tools that an agent has.

use schemars::JsonSchema;
use serde::Deserialize;

use super::inapplicable::{Inapplicable, TomlProblem};
use super::place::EditLocation;
use super::{Context, toml_list};
use crate::harness::Harness;

/// Arguments of both ops.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The tool.
    pub tool_name: String,
}

pub(super) fn add(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    rewritten(payload, context, toml_list::append)
}

pub(super) fn remove(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    rewritten(payload, context, toml_list::remove)
}

/// Changes the list at the keys by one name.
type Rewrite = fn(&str, &[String], &str) -> Result<String, TomlProblem>;

fn rewritten(payload: &Payload, context: &Context, rewrite: Rewrite) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("tool", &payload.tool_name)])?;
    place.rewrite(context.harness, |text| rewrite(text, &place.keys, &payload.tool_name))
}
