//! `replace_system_prompt`: a new system prompt; the agent's folder need not exist.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `replace_system_prompt`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The whole new prompt.
    pub new_content: String,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::of(context, &[("agent", agent)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    place.with_text(context.harness, &restored(&payload.new_content, &old, false)?)
}
