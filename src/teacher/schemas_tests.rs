//! Checks that the schema files match the types, and accept and refuse the same values as the readers.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::too_many_lines)] // tests: real files and processes

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::artifact::Artifact;
use crate::artifact::plan::Plan;
use crate::teacher::schemas;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn schema(name: &str) -> Value {
    let found = schemas::all().into_iter().find(|(other, _)| *other == name);
    serde_json::to_value(found.expect("a schema has the name").1).unwrap()
}

fn accepts(schema: &Value, value: &Value) -> bool {
    jsonschema::validator_for(schema).unwrap().is_valid(value)
}

/// `BLESS=1 cargo test --lib schemas` regenerates them.
#[test]
fn the_files_are_those_of_the_types() {
    let bless = std::env::var_os("BLESS").is_some();
    for (name, schema) in schemas::all() {
        let path = folder().join(schemas::file_name(name));
        if bless {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, schemas::text(&schema)).unwrap();
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            held == schemas::text(&schema),
            "{} is out of date; BLESS=1 cargo test --lib schemas",
            path.display()
        );
    }
    let files = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(files, schemas::all().len(), "a file in schemas/ belongs to no schema");
}

#[test]
fn every_schema_is_a_schema() {
    for (name, schema) in schemas::all() {
        let schema = serde_json::to_value(schema).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
    }
}

fn plan(op: &str, payload: &Value) -> Value {
    json!({
        "$schema": "../../schemas/plan.schema.json", "version": 1, "session_id": "s", "mood": "kept",
        "edits": [{
            "id": "e1", "pillar": "agent", "op": op, "target": "agents.a.x", "payload": payload, "rationale": "r",
            "expected_improvement": "c1", "colour": "kept"
        }]
    })
}

/// Each op with a valid payload, and with values of the wrong type.
#[test]
fn payloads_are_checked_by_op() {
    let cases = [
        (
            "set_model_for_query_class",
            json!({"query_class": "math", "model": "m"}),
            Some(json!({"query_class": "math", "model": 1})),
        ),
        (
            "set_model_param",
            json!({"model": "m", "param": "temperature", "value": 0.2}),
            Some(json!({"model": "m", "value": 1})),
        ),
        (
            "patch_system_prompt",
            json!({"agent": "a", "diff": "@@"}),
            Some(json!({"diff": ["@@"]})),
        ),
        (
            "replace_system_prompt",
            json!({"new_content": "Be brief."}),
            Some(json!({"new_content": null})),
        ),
        (
            "set_agent_class",
            json!({"new_class": "c"}),
            Some(json!({"new_class": {}})),
        ),
        (
            "set_agent_param",
            json!({"agent": "a", "param": "k", "value": [1]}),
            Some(json!({"agent": 7, "param": "k", "value": 1})),
        ),
        (
            "edit_few_shot_exemplars",
            json!({"agent": "a", "exemplars": [{"input": "i", "output": "o"}]}),
            Some(json!({"exemplars": [{"input": "i"}]})),
        ),
        (
            "add_tool_to_agent",
            json!({"agent": "a", "tool_name": "t"}),
            Some(json!({"tool_name": 1})),
        ),
        ("remove_tool_from_agent", json!({"tool_name": "t"}), Some(json!({}))),
        (
            "edit_tool_description",
            json!({"tool_name": "t", "new_description": "d"}),
            Some(json!({"tool_name": "t"})),
        ),
        ("lora_finetune", json!({}), None),
        (
            "several",
            json!({"edits": [{"op": "set_agent_param", "target": "t", "payload": {"param": "k", "value": 1}}]}),
            Some(json!({"edits": [{"op": "set_agent_param", "target": "t", "payload": {"value": 1}}]})),
        ),
        (
            "patch_text",
            json!({"path": "p", "key": "a.b", "diff": "d"}),
            Some(json!({"path": "p", "key": 1, "diff": "d"})),
        ),
        (
            "replace_text",
            json!({"path": "p", "key": ["a", {"name": "b"}], "new_content": "c"}),
            Some(json!({"path": "p"})),
        ),
        (
            "insert_section",
            json!({"path": "p", "content": "c", "after": "a"}),
            Some(json!({"path": "p", "content": 1})),
        ),
        (
            "delete_section",
            json!({"path": "p", "section": "s"}),
            Some(json!({"path": "p"})),
        ),
        (
            "set_key",
            json!({"path": "p", "key": "k", "value": [1]}),
            Some(json!({"path": "p", "key": "k"})),
        ),
        (
            "unset_key",
            json!({"path": "p", "key": "k"}),
            Some(json!({"path": "p"})),
        ),
        (
            "edit_list",
            json!({"path": "p", "key": "k", "add": ["a"]}),
            Some(json!({"path": "p", "key": "k", "add": "a"})),
        ),
        (
            "edit_examples",
            json!({"path": "p", "exemplars": [{"q": 1}]}),
            Some(json!({"path": "p", "exemplars": ["q"]})),
        ),
        (
            "create_file",
            json!({"path": "p", "content": "c"}),
            Some(json!({"path": "p"})),
        ),
        ("remove_file", json!({"path": "p"}), Some(json!({"content": "c"}))),
        (
            "several",
            json!({"edits": [{"op": "set_agent_class", "target": "t", "payload": {"new_class": "c"}}]}),
            Some(json!({"edits": [{"op": "several", "target": "t", "payload": {"edits": []}}]})),
        ),
    ];
    let ops: std::collections::BTreeSet<&str> = cases.iter().map(|(op, ..)| *op).collect();
    assert_eq!(ops.len(), crate::artifact::edit::Op::ALL.len());
    let schema = schema("plan");
    for (op, right, wrong) in cases {
        let plan = plan(op, &right);
        assert!(accepts(&schema, &plan), "{op} {right}");
        assert!(Plan::from_text("plan.json".as_ref(), &plan.to_string()).is_ok(), "{op}");
        if let Some(wrong) = wrong {
            assert!(!accepts(&schema, &self::plan(op, &wrong)), "{op} {wrong}");
        }
    }
    assert!(!accepts(&schema, &plan("delete_everything", &json!({}))));
}

#[test]
fn what_readers_take_the_schemas_take() {
    for (name, value, expected) in [
        (
            "task",
            json!({"task_id": "t", "query": "q", "reference_answer": 7}),
            true,
        ),
        (
            "task",
            json!({"task_id": "t", "query": "q", "reference_answer": "7", "scorer": "exact_label"}),
            true,
        ),
        (
            "task",
            json!({"task_id": "t", "query": "q", "reference_answer": "7", "scorer": "guess"}),
            false,
        ),
        (
            "trace",
            json!({"trace_id": "t", "query": null, "started_at": "2026-01-01T00:00:00Z", "steps": null}),
            true,
        ),
        ("trace", json!({"query": "without an id"}), false),
        (
            "trigger",
            json!({"$schema": "x", "trigger": "on_demand", "why": "kept"}),
            true,
        ),
        ("trigger", json!({"trigger": "boredom"}), false),
    ] {
        assert_eq!(accepts(&schema(name), &value), expected, "{name} {value}");
    }
}

#[test]
fn the_default_manifest_is_valid_and_a_misspelt_key_is_not() {
    let schema = schema("manifest");
    let text = toml::to_string(&crate::manifest::Manifest::default()).unwrap();
    for (text, expected) in [
        (text.as_str(), true),
        ("", true),
        ("[gate]\nrule = \"target\"", true),
        ("[gaet]", false),
    ] {
        let value: toml::Table = toml::from_str(text).unwrap();
        assert_eq!(
            accepts(&schema, &serde_json::to_value(value).unwrap()),
            expected,
            "{text}"
        );
    }
}
