//! `set_agent_param`: one parameter of one agent.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `set_agent_param`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The parameter's name.
    pub param: String,
    /// Its value; anything but null.
    pub value: serde_json::Value,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("param", &payload.param)])?;
    place.with_value(context.harness, &payload.value)
}
