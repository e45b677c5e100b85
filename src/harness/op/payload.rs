//! An op's payload: read from untrusted JSON into a typed struct, checked, and described by a JSON Schema.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::inapplicable::Inapplicable;
use super::{config, examples, prompt, tools};
use crate::artifact::edit::{Edit, Op};

/// Most bytes of one payload value.
const LARGEST_VALUE: usize = 1 << 20;

/// Refuses values that no file should get: too large, or with NUL bytes.
pub(super) fn check(payload: &Map<String, Json>) -> Result<(), Inapplicable> {
    for (key, value) in payload {
        let key = || key.chars().take(40).collect::<String>();
        if size(value) > LARGEST_VALUE {
            return Err(Inapplicable::TooLarge {
                key: key(),
                limit: LARGEST_VALUE,
            });
        }
        if has_nul(value) {
            return Err(Inapplicable::Nul { key: key() });
        }
    }
    Ok(())
}

/// The payload as the op's struct; the message names the key at fault. Unknown keys are ignored.
pub(super) fn read<P: DeserializeOwned>(payload: &Map<String, Json>) -> Result<P, Inapplicable> {
    parse(payload).map_err(|problem| {
        // The parser does not say which key it was at: it is the one without which it says something else.
        let at_fault = |key: &&String| {
            let without = payload
                .iter()
                .filter(|(other, _)| other != key)
                .map(|(k, v)| (k.clone(), v.clone()));
            parse::<P>(&without.collect()).err().as_ref() != Some(&problem)
        };
        let problem = match payload
            .keys()
            .take(8)
            .find(at_fault)
            .filter(|_| !problem.starts_with("missing"))
        {
            Some(key) => format!("`{key}`: {problem}"),
            None => problem.clone(),
        };
        Inapplicable::Payload { problem }
    })
}

fn parse<P: DeserializeOwned>(payload: &Map<String, Json>) -> Result<P, String> {
    serde_json::from_value(Json::Object(payload.clone())).map_err(|error| error.to_string())
}

fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(|item| size(item) + 2).sum(),
        Json::Object(fields) => fields.iter().map(|(key, value)| key.len() + size(value) + 2).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
    }
}

fn has_nul(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// The schema of an op's payload.
pub(crate) fn payload_schema(op: Op) -> Schema {
    match op {
        Op::SetModelForQueryClass => schema::<config::QueryClassModel>(),
        Op::SetModelParam => schema::<config::ModelParam>(),
        Op::PatchSystemPrompt => schema::<prompt::Patch>(),
        Op::ReplaceSystemPrompt => schema::<prompt::Replacement>(),
        Op::SetAgentClass => schema::<config::AgentClass>(),
        Op::SetAgentParam => schema::<config::AgentParam>(),
        Op::EditFewShotExemplars => schema::<examples::Payload>(),
        Op::AddToolToAgent | Op::RemoveToolFromAgent => {
            let mut shared = schema::<tools::ListedTool>();
            shared.insert("description".into(), format!("Arguments of `{}`.", op.name()).into());
            shared
        }
        Op::EditToolDescription => schema::<tools::Description>(),
        Op::LoraFinetune => schema::<config::Finetune>(),
    }
}

fn schema<P: schemars::JsonSchema>() -> Schema {
    // Inline, because it is to stand inside another schema, where references would lead nowhere.
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<P>();
    for key in ["$schema", "title"] {
        schema.remove(key);
    }
    schema
}

/// The schema of an edit, generated from its struct, with the payload of each op added.
#[must_use]
pub(crate) fn edit_schema(mut edit: Schema) -> Schema {
    let rule = |op: Op| {
        json!({
            "if": {"properties": {"op": {"const": op.name()}}, "required": ["op"]},
            "then": {"properties": {"payload": payload_schema(op)}},
        })
    };
    let rules: Vec<_> = Op::ALL.into_iter().map(rule).collect();
    edit.insert("allOf".into(), rules.into());
    edit
}

/// Checks the shape of an edit's payload. What it says may still be refused: that is an outcome.
///
/// # Errors
/// A key is missing, or a value is not what the op takes.
pub(crate) fn check_payload(edit: &Edit) -> Result<(), Inapplicable> {
    let payload = &edit.payload;
    match edit.op {
        Op::SetModelForQueryClass => read::<config::QueryClassModel>(payload).map(drop),
        Op::SetModelParam => read::<config::ModelParam>(payload).map(drop),
        Op::PatchSystemPrompt => read::<prompt::Patch>(payload).map(drop),
        Op::ReplaceSystemPrompt => read::<prompt::Replacement>(payload).map(drop),
        Op::SetAgentClass => read::<config::AgentClass>(payload).map(drop),
        Op::SetAgentParam => read::<config::AgentParam>(payload).map(drop),
        Op::EditFewShotExemplars => read::<examples::Payload>(payload).map(drop),
        Op::AddToolToAgent | Op::RemoveToolFromAgent => read::<tools::ListedTool>(payload).map(drop),
        Op::EditToolDescription => read::<tools::Description>(payload).map(drop),
        // It is refused whatever it says.
        Op::LoraFinetune => Ok(()),
    }
}
