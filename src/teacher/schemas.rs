//! The JSON Schemas of all files that people and programs may write or read, for completion and checks in editors.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::artifact::Artifact;
use crate::artifact::after::After;
use crate::artifact::baseline::Baseline;
use crate::artifact::checkpoint::Checkpoint;
use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::egress::Egress;
use crate::artifact::error_budget::ErrorBudget;
use crate::artifact::holdout_use::HoldoutUse;
use crate::artifact::intent::WriteIntent;
use crate::artifact::loop_record::LoopRecord;
use crate::artifact::notice::Notice;
use crate::artifact::outcome::Outcome;
use crate::artifact::pause::PauseRequest;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::plan::Plan;
use crate::artifact::readiness::Readiness;
use crate::artifact::record::SessionRecord;
use crate::artifact::screening::Screening;
use crate::artifact::spending::Spending;
use crate::artifact::task::Task;
use crate::artifact::trace::Trace;
use crate::artifact::trigger::Trigger;
use crate::harness::op::edit_schema;
use crate::manifest::Manifest;

/// Every schema with its name, sorted by file name.
pub(crate) fn all() -> Vec<(&'static str, Schema)> {
    vec![
        artifact::<After>(),
        artifact::<Baseline>(),
        artifact::<ErrorBudget>(),
        artifact::<Checkpoint>(),
        ("cluster", schema::<FailureCluster>()),
        ("consultation", schema::<HoldoutUse>()),
        ("edit", edit()),
        ("egress", schema::<Egress>()),
        artifact::<WriteIntent>(),
        artifact::<LoopRecord>(),
        ("manifest", schema::<Manifest>()),
        artifact::<Notice>(),
        artifact::<Outcome>(),
        artifact::<PauseRequest>(),
        artifact::<PendingReview>(),
        artifact::<Plan>(),
        artifact::<Readiness>(),
        artifact::<Screening>(),
        artifact::<SessionRecord>(),
        ("spending", schema::<Spending>()),
        ("task", task()),
        ("trace", trace()),
        artifact::<Trigger>(),
    ]
}

/// The name of a schema's file.
pub(crate) fn file_name(name: &str) -> String {
    format!("{name}.schema.json")
}

/// The schema files of a workspace: paths relative to it, and contents.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let file = |(name, schema)| (format!("schemas/{}", file_name(name)), text(&schema).into_bytes());
    all().into_iter().map(file).collect()
}

/// The canonical text of a schema: two spaces, a newline at the end.
pub(crate) fn text(schema: &Schema) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).unwrap_or_default())
}

/// The names of the properties that an object schema requires.
pub(crate) fn required(schema: &Value) -> Vec<&str> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

fn schema<T: JsonSchema>() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<T>()
}

fn artifact<A: Artifact>() -> (&'static str, Schema) {
    let mut schema = schema::<A>();
    let nested = schema.pointer_mut("/$defs/Edit");
    if let Some(edit) = nested.and_then(|edit| <&mut Schema>::try_from(edit).ok()) {
        *edit = edit_schema(std::mem::take(edit));
    }
    (A::NAME, schema)
}

fn edit() -> Schema {
    let mut schema = schema::<Edit>();
    schema = edit_schema(schema);
    schema
}

/// The schema of a task. Tasks and traces are read more leniently than they are written: the readers accept the
/// spellings of other programs.
fn task() -> Schema {
    let mut schema = schema::<Task>();
    accept_types(
        &mut schema,
        "reference_answer",
        &["string", "number", "boolean", "array", "object", "null"],
    );
    if let Some(Value::Array(scorers)) = schema.pointer_mut("/$defs/Scorer/oneOf") {
        for (alias, same) in [("exact_label", "exact"), ("numeric_exact", "number")] {
            scorers.push(json!({"const": alias, "type": "string", "description": format!("The same as `{same}`.")}));
        }
    }
    schema
}

fn trace() -> Schema {
    let mut schema = schema::<Trace>();
    accept_types(&mut schema, "query", &["string", "null"]);
    accept_types(&mut schema, "steps", &["array", "null"]);
    for time in ["started_at", "ended_at"] {
        accept_types(&mut schema, time, &["number", "string", "null"]);
    }
    schema
}

fn accept_types(schema: &mut Schema, property: &str, types: &[&str]) {
    if let Some(Value::Object(property)) = schema.pointer_mut(&format!("/properties/{property}")) {
        property.insert("type".into(), json!(types));
        property.remove("format");
    }
}
