//! The JSON Schema of a plan's reply: a list of edits, each of one of the operations that have a home here.

use serde_json::{Value, json};

use crate::artifact::edit::Op;
use crate::harness::op;
use crate::llm::chat::Shape;

/// The shape.
pub(crate) fn plan_shape(ops: &[Op], max_edits: usize) -> Shape {
    let edits: Vec<Value> = ops.iter().copied().map(edit).collect();
    Shape {
        name: "submit_plan".into(),
        schema: json!({
            "type": "object", "required": ["edits"], "additionalProperties": false,
            "properties": {"edits": {"type": "array", "maxItems": max_edits, "items": {"anyOf": edits}}}
        }),
    }
}

fn edit(op: Op) -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["id", "op", "pillar", "target", "payload", "rationale", "expected_improvement"],
        "properties": {
            "id": text, "op": {"const": op.name()}, "pillar": {"const": op.pillar()}, "target": text,
            "payload": op::payload_schema(op), "rationale": text, "expected_improvement": text,
        }
    })
}
