//! The edits that the teacher can write, their few-shot examples, and the harness with an edit applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::sample::{agent_of, folded};
use crate::artifact::edit::{Edit, Op};
use crate::artifact::task::{Scorer, Task};
use crate::harness::{Harness, op};
use crate::manifest::layout::Layout;
use crate::manifest::membership::Membership;

/// An edit; rationale and evidence are filled in later.
fn edit(op: Op, target: String, payload: Value) -> Edit {
    Edit {
        id: String::new(),
        pillar: op.pillar(),
        op,
        target,
        payload: payload.as_object().cloned().unwrap_or_default(),
        variants: Vec::new(),
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

/// Adds a tool to an agent, or removes one.
pub(crate) fn tool(op: Op, agent: &str, tool: &str) -> Edit {
    edit(
        op,
        format!("agents.{agent}.tools"),
        json!({"agent": agent, "tool_name": tool}),
    )
}

/// The description of a tool.
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

/// An agent's whole system prompt.
pub(crate) fn whole_prompt(agent: &str, text: &str) -> Edit {
    edit(
        Op::ReplaceSystemPrompt,
        format!("agents.{agent}.system_prompt"),
        json!({"agent": agent, "new_content": text}),
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

/// The harness with the edit applied; `None` if it does not apply. It ignores which files the manifest makes editable;
/// that is checked when the edit is tried.
pub(crate) fn applied(edit: &Edit, harness: &Harness, layout: &Layout) -> Option<Harness> {
    let rules = op::OpRules {
        layout: layout.clone(),
        membership: Membership::everything(),
        ..op::OpRules::default()
    };
    op::apply(edit, harness, &rules).ok()
}

/// The existing examples of an agent, followed by up to `per_label` train tasks per label, in the order of the tasks.
///
/// Only tasks with scorer `exact` are used, because their reference is itself an answer.
pub(crate) fn chosen(existing: &[Value], open: &[&Task], agent: &str, default: &str, per_label: usize) -> Vec<Value> {
    let mut seen: BTreeSet<String> = existing
        .iter()
        .filter_map(|shot| shot["input"].as_str().map(folded))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shots = existing.to_vec();
    let showable = |task: &&&Task| matches!(task.scorer, Scorer::Exact) && agent_of(task, default) == agent;
    for task in open.iter().filter(showable) {
        let count = counts.entry(task.reference_answer.as_str()).or_default();
        if *count < per_label && seen.insert(folded(&task.query)) {
            *count += 1;
            shots.push(json!({"input": task.query, "output": task.reference_answer.as_str()}));
        }
    }
    shots
}
