//! The edits that the teacher knows how to write.

use serde_json::{Value, json};

use crate::artifact::edit::{Edit, Op};

/// An edit without rationale and evidence yet.
fn edit(op: Op, target: String, payload: Value) -> Edit {
    Edit {
        id: String::new(),
        pillar: op.pillar(),
        op,
        target,
        payload: payload.as_object().cloned().unwrap_or_default(),
        rationale: String::new(),
        expected_improvement: String::new(),
        risk_tier: op.tier(),
        references: Vec::new(),
        extra: Default::default(),
    }
}

/// All few-shot examples of an agent.
pub(crate) fn exemplars(agent: &str, shots: Vec<Value>) -> Edit {
    let payload = json!({"agent": agent, "exemplars": shots});
    edit(Op::EditFewShotExemplars, format!("agents.{agent}.few_shot"), payload)
}

/// One parameter of a model.
pub(crate) fn model_param(model: &str, param: &str, value: Value) -> Edit {
    let payload = json!({"model": model, "param": param, "value": value});
    edit(Op::SetModelParam, format!("models.{model}.{param}"), payload)
}

/// One parameter of an agent.
pub(crate) fn agent_param(agent: &str, param: &str, value: Value) -> Edit {
    let payload = json!({"agent": agent, "param": param, "value": value});
    edit(Op::SetAgentParam, format!("agents.{agent}.{param}"), payload)
}

/// The class of an agent.
pub(crate) fn agent_class(agent: &str, class: &str) -> Edit {
    let payload = json!({"agent": agent, "new_class": class});
    edit(Op::SetAgentClass, format!("agents.{agent}.class"), payload)
}

/// The model of a query class.
pub(crate) fn route(query_class: &str, model: &str) -> Edit {
    let payload = json!({"query_class": query_class, "model": model});
    edit(
        Op::SetModelForQueryClass,
        format!("learning.routing.policy_map.{query_class}"),
        payload,
    )
}

/// One tool more, or less, for an agent.
pub(crate) fn tool(op: Op, agent: &str, tool: &str) -> Edit {
    edit(
        op,
        format!("agents.{agent}.tools"),
        json!({"agent": agent, "tool_name": tool}),
    )
}

/// What the model reads about a tool.
pub(crate) fn description(tool: &str, text: &str) -> Edit {
    let payload = json!({"tool_name": tool, "new_description": text});
    edit(Op::EditToolDescription, format!("tools.{tool}.description"), payload)
}

/// A patch of an agent's system prompt.
pub(crate) fn prompt_patch(agent: &str, before: &str, after: &str) -> Edit {
    let diff = diffy::create_patch(before, after).to_string();
    edit(
        Op::PatchSystemPrompt,
        format!("agents.{agent}.system_prompt"),
        json!({"agent": agent, "diff": diff}),
    )
}

/// A good description of a built-in tool.
pub(crate) fn good_description(tool: &str) -> &'static str {
    match tool {
        "calculator" => {
            "Calculates arithmetic expressions: add, subtract, multiply, divide, power and percent of numbers."
        }
        "unit_converter" => "Converts a measurement from one unit to another: length, mass, volume, time, temperature.",
        _ => {
            "Counts days between calendar dates, names the weekday of a date, and finds the date some days or weeks away."
        }
    }
}
