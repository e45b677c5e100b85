//! `set_model_for_query_class`: which model answers a class of queries.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Context;
use super::inapplicable::Inapplicable;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `set_model_for_query_class`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The class of queries.
    pub query_class: String,
    /// The model that answers them.
    pub model: String,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("query_class", &payload.query_class)])?;
    place.with_value(context.harness, &payload.model.as_str().into())
}
