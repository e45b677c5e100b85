//! `set_model_param`: one parameter of one model.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `set_model_param`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The model; dots and colons are part of its name.
    pub model: String,
    /// The parameter's name.
    pub param: String,
    /// Its value; anything but null.
    pub value: serde_json::Value,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("model", &payload.model), ("param", &payload.param)])?;
    place.with_value(context.harness, &payload.value)
}
