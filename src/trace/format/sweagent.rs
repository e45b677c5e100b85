//! SWE-agent: a trajectory of actions and observations, or only the history of messages.

use serde_json::{Value, json};

use super::conversation::{Told, told};
use super::document::Item;
use super::field::{facts, list, text, unwrapped};
use super::message::{Role, message};
use super::{Found, blank};
use crate::artifact::trace::{Step, Trace};

/// One file, one trace.
pub(crate) fn trace(item: &Item) -> Found {
    let value = &item.value;
    let (info, config) = (&value["info"], unwrapped(&value["replay_config"]));
    let told = history(value);
    let trajectory: Vec<Step> = list(value, "trajectory").iter().map(step).collect();
    if told.query.is_empty() && told.steps.is_empty() && trajectory.is_empty() {
        return Err(item.place.skipped("neither a trajectory nor a history in it"));
    }
    let problem = text(&config["problem_statement"], "id").or_else(|| text(value, "instance_id"));
    let model = text(&config["agent"]["model"], "name").or_else(|| text(&info["model_stats"], "model"));
    Ok(Trace {
        query: told.query,
        agent: list(value, "history").iter().find_map(|entry| text(entry, "agent")),
        model,
        result: text(info, "submission").or(told.result),
        total_tokens: tokens(&info["model_stats"]),
        // Whether the submission was right, a trajectory does not say.
        metadata: facts([
            ("exit_status", info["exit_status"].clone()),
            ("cost_usd", info["model_stats"]["instance_cost"].clone()),
            ("model_calls", info["model_stats"]["api_calls"].clone()),
            ("problem", problem.clone().into()),
            ("environment", value["environment"].clone()),
        ]),
        steps: if trajectory.is_empty() { told.steps } else { trajectory },
        ..blank::trace(blank::id("sweagent", problem.as_deref(), value))
    })
}

/// The messages, without the demonstrations that were shown first.
fn history(value: &Value) -> Told {
    let own = list(value, "history")
        .iter()
        .filter(|entry| entry["is_demo"] != true && entry["message_type"] != "demonstration");
    let mut said: Vec<_> = own.filter_map(message).collect();
    if said.iter().all(|message| message.calls.is_empty()) {
        // Without calls of functions, the agent's commands are text, and what they print comes as the user's.
        let question = said.iter().position(|message| message.role == Role::User).unwrap_or(0);
        for observation in said
            .iter_mut()
            .skip(question + 1)
            .filter(|message| message.role == Role::User)
        {
            observation.role = Role::System;
        }
    }
    told(&said)
}

fn step(entry: &Value) -> Step {
    let input = facts([
        ("action", entry["action"].clone()),
        ("thought", entry["thought"].clone()),
    ]);
    let mut step = blank::step("tool_call", input, json!({"content": entry["observation"]}));
    step.duration_seconds = entry["execution_time"].as_f64().filter(|seconds| *seconds >= 0.0);
    step
}

/// Tokens sent and received; zeros of a replay are no count.
fn tokens(stats: &Value) -> Option<u64> {
    let total = stats["tokens_sent"]
        .as_u64()?
        .saturating_add(stats["tokens_received"].as_u64()?);
    (total > 0).then_some(total)
}
