//! Edits for plans written by hand, named after their effect on the agent in `fixture.rs`.
//!
//! That agent refuses to answer if its confidence is below `refuse_below`, which is 0.9, so it answers no task at
//! first. It knows the labels of the categories `home` and `shop`, but neither the label of `trip` nor the calculator
//! that `sums` needs. The edits and the functions that make them:
//!
//! - `refuse_below(id, value)` sets the threshold; the edits `bold` and `shy` only differ in it.
//! - `bold` sets it to 0: the agent answers every task, which helps `home` and `shop`. The gate accepts it.
//! - `shy` sets it to 0.95. After `bold`, the agent refuses again, and the gate rejects it.
//! - `sums` gives the agent the calculator. The gate accepts it at any time.
//! - `shots` adds a few-shot example for `trip`. Its op is in the review tier, so a person is asked; after `bold`, the
//!   gate accepts it.
//! - `hostile` has a target outside the workspace and is always inapplicable.
//! - `helping(category, edit)` names the category that an edit should improve, which is `home` by default.

use serde_json::{Value, json};

/// An edit with a label, which should improve category `home`.
pub fn edit(id: &str, op: &str, target: &str, payload: Value) -> Value {
    let pillar = match op {
        "set_model_param" | "set_model_for_query_class" => "intelligence",
        "add_tool_to_agent" | "remove_tool_from_agent" | "edit_tool_description" => "tools",
        _ => "agent",
    };
    json!({"id": id, "pillar": pillar, "op": op, "target": target, "payload": payload, "rationale": "because",
        "expected_improvement": "home"})
}

/// The same edit, which should improve this category.
pub fn helping(category: &str, mut edit: Value) -> Value {
    edit["expected_improvement"] = json!(category);
    edit
}

/// An edit that the gate accepts: the agent answers every task.
pub fn bold() -> Value {
    refuse_below("bold", 0.0)
}

/// An edit that the gate rejects after `bold`.
pub fn shy() -> Value {
    refuse_below("shy", 0.95)
}

/// Sets the confidence below which the agent refuses to answer.
pub fn refuse_below(id: &str, value: f64) -> Value {
    edit(
        id,
        "set_model_param",
        "models.base.refuse_below",
        json!({"model": "base", "param": "refuse_below", "value": value}),
    )
}

/// An edit that waits for review; after `bold`, the gate accepts it.
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

/// An edit that would write outside the workspace.
pub fn hostile() -> Value {
    let payload = json!({"agent": "../../elsewhere", "param": "max_turns", "value": 9});
    edit(
        "hostile",
        "set_agent_param",
        "agents.../../elsewhere.max_turns",
        payload,
    )
}

/// An edit that the gate always accepts.
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
