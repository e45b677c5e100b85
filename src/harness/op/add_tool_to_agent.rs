//! `add_tool_to_agent`: one tool more for an agent.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::place::EditLocation;
use super::toml_list;
use crate::harness::Harness;

/// Arguments of `add_tool_to_agent`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The tool.
    pub tool_name: String,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("tool", &payload.tool_name)])?;
    place.rewrite(context.harness, |text| {
        toml_list::append(text, &place.keys, &payload.tool_name)
    })
}
