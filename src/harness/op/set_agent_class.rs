//! `set_agent_class`: the class that runs an agent.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `set_agent_class`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The class.
    pub new_class: String,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent)])?;
    place.with_value(context.harness, &payload.new_class.as_str().into())
}
