//! JSON Schemas of payloads, so that an editor completes and checks a plan written by hand.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::json;

use crate::artifact::edit::Op;

/// The schema of an op's payload.
pub(crate) fn payload_schema(op: Op) -> Schema {
    match op {
        Op::SetModelForQueryClass => schema::<super::set_model_for_query_class::Payload>(),
        Op::SetModelParam => schema::<super::set_model_param::Payload>(),
        Op::PatchSystemPrompt => schema::<super::patch_system_prompt::Payload>(),
        Op::ReplaceSystemPrompt => schema::<super::replace_system_prompt::Payload>(),
        Op::SetAgentClass => schema::<super::set_agent_class::Payload>(),
        Op::SetAgentParam => schema::<super::set_agent_param::Payload>(),
        Op::EditFewShotExemplars => schema::<super::edit_few_shot_exemplars::Payload>(),
        Op::AddToolToAgent | Op::RemoveToolFromAgent => {
            let mut shared = schema::<super::tools::Payload>();
            shared.insert("description".into(), format!("Arguments of `{}`.", op.name()).into());
            shared
        }
        Op::EditToolDescription => schema::<super::edit_tool_description::Payload>(),
        Op::LoraFinetune => schema::<super::lora_finetune::Payload>(),
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
