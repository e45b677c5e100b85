//! The ops that set one value in a configuration file: the model of a query class, parameters, an agent's class.

use schemars::JsonSchema;
use serde::Deserialize;

use super::OpContext;
use super::edit_location::EditLocation;
use super::inapplicable::Inapplicable;
use crate::harness::Harness;

/// Arguments of `set_model_for_query_class`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct QueryClassModel {
    /// The query class.
    pub query_class: String,
    /// The model that answers queries of this class.
    pub model: String,
}

/// Arguments of `set_model_param`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ModelParam {
    /// The model's name, which may contain dots and colons.
    pub model: String,
    /// The parameter's name.
    pub param: String,
    /// The parameter's value, of any type except null.
    pub value: serde_json::Value,
}

/// Arguments of `set_agent_class`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AgentClass {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The agent's new class.
    pub new_class: String,
}

/// Arguments of `set_agent_param`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AgentParam {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// The parameter's name.
    pub param: String,
    /// The parameter's value, of any type except null.
    pub value: serde_json::Value,
}

/// Arguments of `lora_finetune`, which are not defined yet.
#[derive(Debug, JsonSchema)]
pub(super) struct Finetune {}

pub(super) fn set_model_for_query_class(
    payload: &QueryClassModel,
    context: &OpContext,
) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("query_class", &payload.query_class)])?;
    place.with_value(context.harness, &payload.model.as_str().into())
}

pub(super) fn set_model_param(payload: &ModelParam, context: &OpContext) -> Result<Harness, Inapplicable> {
    let place = EditLocation::key_of(context, &[("model", &payload.model), ("param", &payload.param)])?;
    place.with_value(context.harness, &payload.value)
}

pub(super) fn set_agent_class(payload: &AgentClass, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent)])?;
    place.with_value(context.harness, &payload.new_class.as_str().into())
}

pub(super) fn set_agent_param(payload: &AgentParam, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::key_of(context, &[("agent", agent), ("param", &payload.param)])?;
    place.with_value(context.harness, &payload.value)
}
