//! Payloads: the arguments of each op, as types, so that a schema can tell an editor what belongs where.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::inapplicable::Inapplicable;
use crate::artifact::edit::Op;

/// A value may be this large, in bytes of its JSON text.
const LARGEST: usize = 1 << 20;

/// Which model answers a class of queries.
#[derive(JsonSchema)]
#[allow(dead_code)] // read by the schema generator only
struct SetModelForQueryClass {
    /// The class, as the agent names it.
    query_class: String,
    /// The model.
    model: String,
}

/// One parameter of one model.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct SetModelParam {
    /// The model.
    model: String,
    /// The parameter.
    param: String,
    /// Its value; anything but null.
    value: Value,
}

/// A unified diff against an agent's system prompt.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct PatchSystemPrompt {
    /// The agent; taken from the target when absent.
    agent: Option<String>,
    /// The diff; every context line is checked.
    diff: String,
}

/// A new system prompt.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct ReplaceSystemPrompt {
    /// The agent; taken from the target when absent.
    agent: Option<String>,
    /// The whole prompt.
    new_content: String,
}

/// The class that runs the agent.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct SetAgentClass {
    /// The agent; taken from the target when absent.
    agent: Option<String>,
    /// The class.
    new_class: String,
}

/// One parameter of one agent.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct SetAgentParam {
    /// The agent; taken from the target when absent.
    agent: Option<String>,
    /// The parameter.
    param: String,
    /// Its value; anything but null.
    value: Value,
}

/// One example.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct Exemplar {
    /// What the agent is asked.
    input: String,
    /// What it should answer.
    output: String,
}

/// The agent's few-shot examples, all of them.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct EditFewShotExemplars {
    /// The agent; taken from the target when absent.
    agent: Option<String>,
    /// The examples that replace the present ones.
    exemplars: Vec<Exemplar>,
}

/// A tool of an agent.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct ToolOfAgent {
    /// The agent; taken from the target when absent.
    agent: Option<String>,
    /// The tool.
    tool_name: String,
}

/// What the model reads about a tool.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct EditToolDescription {
    /// The tool.
    tool_name: String,
    /// The new text.
    new_description: String,
}

/// The schema of an op's payload.
pub fn schema(op: Op) -> Schema {
    let generator = || SchemaGenerator::default();
    match op {
        Op::SetModelForQueryClass => generator().into_root_schema_for::<SetModelForQueryClass>(),
        Op::SetModelParam => generator().into_root_schema_for::<SetModelParam>(),
        Op::PatchSystemPrompt => generator().into_root_schema_for::<PatchSystemPrompt>(),
        Op::ReplaceSystemPrompt => generator().into_root_schema_for::<ReplaceSystemPrompt>(),
        Op::SetAgentClass => generator().into_root_schema_for::<SetAgentClass>(),
        Op::SetAgentParam => generator().into_root_schema_for::<SetAgentParam>(),
        Op::EditFewShotExemplars => inlined().into_root_schema_for::<EditFewShotExemplars>(),
        Op::AddToolToAgent | Op::RemoveToolFromAgent => generator().into_root_schema_for::<ToolOfAgent>(),
        Op::EditToolDescription => generator().into_root_schema_for::<EditToolDescription>(),
        Op::LoraFinetune => schemars::json_schema!({"type": "object"}),
    }
}

fn inlined() -> SchemaGenerator {
    schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
}

/// Adds to the schema of an edit what each op's payload holds.
pub fn describe_payloads(edit: &mut Schema) {
    let rule = |op: &Op| {
        let mut payload = schema(*op);
        payload.remove("$schema");
        payload.remove("title");
        json!({"if": {"properties": {"op": {"const": op.name()}}, "required": ["op"]}, "then": {"properties": {"payload": payload}}})
    };
    edit.insert("allOf".into(), Value::Array(Op::ALL.iter().map(rule).collect()));
}

/// A text of the payload.
pub(super) fn text<'a>(payload: &'a Map<String, Value>, key: &'static str) -> Result<&'a str, Inapplicable> {
    let text = value(payload, key)?
        .as_str()
        .ok_or_else(|| wrong(key, "it must be a text"))?;
    if text.contains('\0') {
        Err(wrong(key, "it holds a NUL byte"))
    } else {
        Ok(text)
    }
}

/// A value of the payload, of bearable size.
pub(super) fn value<'a>(payload: &'a Map<String, Value>, key: &'static str) -> Result<&'a Value, Inapplicable> {
    let value = payload.get(key).ok_or(Inapplicable::Missing(key))?;
    let size = value.as_str().map_or_else(|| value.to_string().len(), str::len);
    if size > LARGEST {
        Err(wrong(key, &format!("{size} bytes are more than {LARGEST}")))
    } else {
        Ok(value)
    }
}

pub(super) fn wrong(key: &'static str, problem: &str) -> Inapplicable {
    Inapplicable::Payload {
        key,
        problem: problem.to_owned(),
    }
}
