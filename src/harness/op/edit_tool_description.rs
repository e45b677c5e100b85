//! `edit_tool_description`: what the model reads about a tool.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `edit_tool_description`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The tool.
    pub tool_name: String,
    /// The whole new description.
    pub new_description: String,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("tool", &payload.tool_name)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let description = restored(&payload.new_description, &old, false)?;
    place.with_value(context.harness, &description.into())
}
