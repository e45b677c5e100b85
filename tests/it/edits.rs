//! Edits for plans written by hand, named after what they do to the tiny agent.

use serde_json::{Value, json};

/// An edit with a label.
pub fn edit(id: &str, op: &str, target: &str, payload: Value) -> Value {
    let pillar = match op {
        "set_model_param" | "set_model_for_query_class" => "intelligence",
        "add_tool_to_agent" | "remove_tool_from_agent" | "edit_tool_description" => "tools",
        _ => "agent",
    };
    json!({"id": id, "pillar": pillar, "op": op, "target": target, "payload": payload, "rationale": "because",
        "expected_improvement": "home"})
}

/// The edit, as one that should help another category.
pub fn helping(category: &str, mut edit: Value) -> Value {
    edit["expected_improvement"] = json!(category);
    edit
}

/// The gate accepts this one: the model answers what it knows.
pub fn bold() -> Value {
    refuse_below("bold", 0.0)
}

/// The gate rejects this one after `bold`.
pub fn shy() -> Value {
    refuse_below("shy", 0.95)
}

/// Sets how sure the model must be.
pub fn refuse_below(id: &str, value: f64) -> Value {
    edit(
        id,
        "set_model_param",
        "models.base.refuse_below",
        json!({"model": "base", "param": "refuse_below", "value": value}),
    )
}

/// A person is asked about this one; the gate accepts it after `bold`.
pub fn shots() -> Value {
    let exemplars = json!([{"input": "book me a train to town", "output": "trip_book"}]);
    let shots = edit(
        "shots",
        "edit_few_shot_exemplars",
        "agents.assistant.few_shot",
        json!({"agent": "assistant", "exemplars": exemplars}),
    );
    helping("trip", shots)
}

/// It would write outside of the workspace.
pub fn hostile() -> Value {
    let payload = json!({"agent": "../../elsewhere", "param": "max_turns", "value": 9});
    edit(
        "hostile",
        "set_agent_param",
        "agents.../../elsewhere.max_turns",
        payload,
    )
}

/// The gate accepts this one at any time.
pub fn sums() -> Value {
    let payload = json!({"agent": "assistant", "tool_name": "calculator"});
    helping(
        "sums",
        edit("sums", "add_tool_to_agent", "agents.assistant.tools", payload),
    )
}

/// The plan of [`Space::planned`].
pub fn first_plan() -> Vec<Value> {
    vec![bold(), shy(), shots(), hostile()]
}
