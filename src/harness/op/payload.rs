//! Payloads of ops: reads them from untrusted JSON into typed structs, checks them, and generates their JSON Schemas.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::inapplicable::Inapplicable;
use super::{config, examples, prompt, several, surface, tools};
use crate::artifact::edit::{Edit, Op};

/// The maximum size of one payload value, in bytes.
const LARGEST_VALUE: usize = 1 << 20;

/// Refuses values that are too large or contain NUL bytes.
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

/// Reads the payload into the op's struct. Ignores unknown keys. The error message names the key at fault.
pub(super) fn read<P: DeserializeOwned>(payload: &Map<String, Json>) -> Result<P, Inapplicable> {
    parse(payload).map_err(|problem| {
        // The parser does not name the key at fault: it is the key whose removal changes the parser's message.
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

/// The schema of an op's payload, which may name a file by its surface.
fn schema_with_surface(op: Op) -> Schema {
    match op {
        Op::Several => several_schema(&schema_with_surface),
        op if op.is_generic() => with_surface(payload_schema(op)),
        op => payload_schema(op),
    }
}

/// The schema of a payload that names a file by its path, or by its surface and the names in the surface's path.
fn with_surface(mut schema: Schema) -> Schema {
    if let Some(required) = schema.get_mut("required").and_then(Json::as_array_mut) {
        required.retain(|key| key != "path");
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        let description = "In place of `path`: the name of a surface, as in `agents.reviewer`; or `agents`, with the key \
            `agent` for the name in its path.";
        properties.insert("surface".into(), json!({"type": "string", "description": description}));
    }
    // The names in the path of a surface are further fields.
    let own = schema.get("properties").and_then(Json::as_object);
    let own: Map<String, Json> = own
        .into_iter()
        .flatten()
        .map(|(key, _)| (key.clone(), true.into()))
        .collect();
    schema.remove("additionalProperties");
    schema.insert(
        "anyOf".into(),
        json!([{"required": ["path"], "properties": own, "additionalProperties": false}, {"required": ["surface"]}]),
    );
    schema
}

/// The schema of an op's payload.
pub(crate) fn payload_schema(op: Op) -> Schema {
    let mut schema = schema_of(op);
    if op.is_generic() {
        schema.insert("additionalProperties".into(), false.into());
    }
    schema
}

fn schema_of(op: Op) -> Schema {
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
        Op::Several => several_schema(&payload_schema),
        Op::PatchText => schema::<surface::TextPatch>(),
        Op::ReplaceText => schema::<surface::NewText>(),
        Op::InsertSection => schema::<surface::NewSection>(),
        Op::DeleteSection => schema::<surface::OldSection>(),
        Op::SetKey => schema::<surface::NewValue>(),
        Op::UnsetKey => schema::<surface::OldKey>(),
        Op::EditList => schema::<surface::ListChange>(),
        Op::EditExamples => schema::<surface::NewExamples>(),
        Op::CreateFile => schema::<surface::NewFile>(),
        Op::RemoveFile => schema::<surface::OldFile>(),
    }
}

/// The schema of the payload of `several`, whose members obey the schemas of their ops.
fn several_schema(payload: &dyn Fn(Op) -> Schema) -> Schema {
    let mut several = schema::<several::EditParts>();
    let members = Op::ALL.into_iter().filter(|op| *op != Op::Several);
    if let Some(member) = several.pointer_mut("/properties/edits/items") {
        member["not"] = json!({"properties": {"op": {"const": Op::Several.name()}}});
        member["allOf"] = members.map(|op| rule(op, payload)).collect();
    }
    several
}

/// The schema of an edit with this op: its payload.
fn rule(op: Op, payload: &dyn Fn(Op) -> Schema) -> Json {
    json!({
        "if": {"properties": {"op": {"const": op.name()}}, "required": ["op"]},
        "then": {"properties": {"payload": payload(op), "variants": {"items": payload(op)}}},
    })
}

fn schema<P: schemars::JsonSchema>() -> Schema {
    // Inline, because the schema becomes part of another one, in which references would not resolve.
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<P>();
    for key in ["$schema", "title"] {
        schema.remove(key);
    }
    schema
}

/// Adds the payload schema of each op to the schema of an edit.
#[must_use]
pub(crate) fn edit_schema(mut edit: Schema) -> Schema {
    let rules: Vec<_> = Op::ALL.into_iter().map(|op| rule(op, &schema_with_surface)).collect();
    edit.insert("allOf".into(), rules.into());
    edit
}

/// Checks the shape of an edit's payload. An edit with a valid payload may still be inapplicable, which is an outcome.
///
/// # Errors
/// A key is missing, or a value has the wrong type.
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
        // The op is always refused.
        Op::LoraFinetune => Ok(()),
        Op::Several => several::check(edit),
        _ => surface::check_payload(edit),
    }
}
