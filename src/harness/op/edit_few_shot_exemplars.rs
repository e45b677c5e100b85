//! `edit_few_shot_exemplars`: the agent's few-shot examples, all of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Context;
use super::few_shot_text::rewritten;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use super::place::EditLocation;
use crate::harness::Harness;

/// Arguments of `edit_few_shot_exemplars`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent; without it, the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// All examples, in order; the old ones are replaced.
    pub exemplars: Vec<Exemplar>,
}

/// One question with the answer that the agent should give.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exemplar {
    /// What the user asks.
    pub input: String,
    /// What the agent answers.
    pub output: String,
}

pub(super) fn apply(payload: &Payload, context: &Context) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::of(context, &[("agent", agent)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let original = |text: &str| restored(text, &old, false);
    let exemplars: Result<Vec<Exemplar>, Inapplicable> = payload
        .exemplars
        .iter()
        .map(|one| -> Result<Exemplar, Inapplicable> {
            Ok(Exemplar {
                input: original(&one.input)?,
                output: original(&one.output)?,
            })
        })
        .collect();
    let exemplars = exemplars?;
    if place.keys.is_empty() {
        place.with_text(context.harness, &rewritten(&old, &exemplars))
    } else {
        place.with_value(context.harness, &serde_json::json!(exemplars))
    }
}
