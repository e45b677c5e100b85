//! Reads SWE-agent trajectories of actions and observations, or message histories without a trajectory.

use serde_json::{Value, json};

use super::conversation::{ConversationRun, conversation_run};
use super::document::Item;
use super::field::{facts, list, text, unwrapped};
use super::message::{MessageRole, message};
use super::{TraceResult, field};
use crate::artifact::trace::{Trace, TraceStep};

/// Reads one file as one trace.
pub(crate) fn trace(item: &Item) -> TraceResult {
    let value = &item.value;
    let (info, config) = (&value["info"], unwrapped(&value["replay_config"]));
    let run = history(value);
    let trajectory: Vec<TraceStep> = list(value, "trajectory").iter().map(step).collect();
    if run.query.is_empty() && run.steps.is_empty() && trajectory.is_empty() {
        return Err(item.place.skipped("it has neither a trajectory nor a history"));
    }
    let problem = text(&config["problem_statement"], "id").or_else(|| text(value, "instance_id"));
    let model = text(&config["agent"]["model"], "name").or_else(|| text(&info["model_stats"], "model"));
    Ok(Trace {
        query: run.query,
        agent: list(value, "history").iter().find_map(|entry| text(entry, "agent")),
        model,
        result: text(info, "submission").or(run.result),
        total_tokens: tokens(&info["model_stats"]),
        // No outcome: a trajectory does not say whether the submission was right.
        metadata: facts([
            ("exit_status", info["exit_status"].clone()),
            ("cost_usd", info["model_stats"]["instance_cost"].clone()),
            ("model_calls", info["model_stats"]["api_calls"].clone()),
            ("problem", problem.clone().into()),
            ("environment", value["environment"].clone()),
        ]),
        steps: if trajectory.is_empty() { run.steps } else { trajectory },
        ..field::empty_trace(field::trace_id("sweagent", problem.as_deref(), value))
    })
}

/// The conversation, without the demonstrations at its start.
fn history(value: &Value) -> ConversationRun {
    let own = list(value, "history")
        .iter()
        .filter(|entry| entry["is_demo"] != true && entry["message_type"] != "demonstration");
    let mut said: Vec<_> = own.filter_map(message).collect();
    if said.iter().all(|message| message.calls.is_empty()) {
        // Without function calls, the agent's commands are plain text, and their output has the role of the user.
        let question = said
            .iter()
            .position(|message| message.role == MessageRole::User)
            .unwrap_or(0);
        for observation in said
            .iter_mut()
            .skip(question + 1)
            .filter(|message| message.role == MessageRole::User)
        {
            observation.role = MessageRole::System;
        }
    }
    conversation_run(&said)
}

fn step(entry: &Value) -> TraceStep {
    let input = facts([
        ("action", entry["action"].clone()),
        ("thought", entry["thought"].clone()),
    ]);
    let mut step = field::empty_step("tool_call", input, json!({"content": entry["observation"]}));
    step.duration_seconds = entry["execution_time"].as_f64().filter(|seconds| *seconds >= 0.0);
    step
}

/// Tokens sent and received. A replay writes zeros, which are not a count.
fn tokens(stats: &Value) -> Option<u64> {
    let total = stats["tokens_sent"]
        .as_u64()?
        .saturating_add(stats["tokens_received"].as_u64()?);
    (total > 0).then_some(total)
}
