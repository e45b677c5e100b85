//! `edit_tool_description`: what the model reads about a tool.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::place::Place;
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
    let place = Place::key_of(context, &[("tool", &payload.tool_name)])?;
    place.with_value(context.harness, &payload.new_description.as_str().into())
}
