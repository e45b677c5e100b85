//! Reads InterCode results: for each task, the actions, the observations and the rewards.

use serde_json::{Value, json};

use super::document::Item;
use super::field::{facts, label, list, rating, text};
use super::location::SourceLocation;
use super::{TraceResult, field};
use crate::artifact::trace::{Trace, TraceStep};

/// Reads one trace per task. A file is an object with one result per task, or has one result per line.
pub(crate) fn results(item: &Item) -> Vec<TraceResult> {
    match item.value.as_object() {
        Some(_) if item.value["turn_history"].is_object() => vec![result(&item.value, &item.place)],
        Some(all) => all
            .iter()
            .map(|(key, value)| result(value, &item.place.inner(key)))
            .collect(),
        None => vec![Err(item.place.skipped("it has no results"))],
    }
}

fn result(value: &Value, place: &SourceLocation) -> TraceResult {
    let history = &value["turn_history"];
    if !history.is_object() {
        return Err(place.skipped("a result without `turn_history`"));
    }
    let reward = rating(&value["summary"]["max_reward"]);
    let task = label(&value["task_id"]);
    Ok(Trace {
        query: text(value, "query").unwrap_or_default(),
        result: last_command(list(history, "actions")),
        outcome: reward.map(|reward| if reward >= 1.0 { "success" } else { "failure" }.to_owned()),
        feedback: reward,
        metadata: facts([
            ("task_id", value["task_id"].clone()),
            ("environment", value["environment"].clone()),
            ("dataset", value["dataset"].clone()),
            ("turns", value["summary"]["turns_taken"].clone()),
            ("turns_max", value["summary"]["turns_max"].clone()),
            ("feedback_is", reward.map(|_| "the environment's best reward").into()),
            ("place", place.to_string().into()),
        ]),
        steps: steps(history),
        ..field::empty_trace(field::trace_id("intercode", task.as_deref(), value))
    })
}

/// The last action that is not empty and not `submit`.
fn last_command(actions: &[Value]) -> Option<String> {
    let texts = actions.iter().rev().filter_map(Value::as_str);
    let mut commands = texts.filter(|action| !matches!(action.trim(), "submit" | "submit[]" | ""));
    commands.next().map(str::to_owned)
}

fn steps(history: &Value) -> Vec<TraceStep> {
    let step = |(at, action): (usize, &Value)| {
        let input = facts([("action", action.clone()), ("thought", history["thoughts"][at].clone())]);
        let output = json!({"content": history["observations"][at], "reward": history["rewards"][at], "valid": history["valid_action"][at]});
        field::empty_step("tool_call", input, output)
    };
    list(history, "actions").iter().enumerate().map(step).collect()
}
