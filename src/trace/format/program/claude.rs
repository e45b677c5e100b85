//! Claude Code and programs that print the same: an event `result` at the end, and others before it in streams.

use serde_json::Value;

use super::{PrintedRun, count, sum};
use crate::artifact::Money;
use crate::artifact::spending::Usage;

/// The run; `None` without a result.
pub(super) fn read(events: &[Value]) -> Option<PrintedRun> {
    let is_result = |event: &&Value| {
        let has_type = event["type"] == "result" || event.get("type").is_none();
        has_type
            && ["result", "is_error", "structured_output"]
                .iter()
                .any(|key| event.get(*key).is_some())
    };
    let result = events.iter().rev().find(is_result)?;
    let mut run = PrintedRun {
        answer: answer(result, events),
        model: model(result, events),
        cost_usd: result["total_cost_usd"].as_f64().and_then(Money::from_usd),
        usage: usage(result, events),
        ..PrintedRun::default()
    };
    for part in messages(events)
        .flat_map(parts)
        .filter(|part| part["type"] == "tool_use")
    {
        run.add_tool(part["name"].as_str());
    }
    Some(run)
}

fn answer(result: &Value, events: &[Value]) -> String {
    let text = result["result"].as_str().filter(|text| !text.is_empty());
    if let Some(text) = text {
        return text.to_owned();
    }
    if let Some(structured) = result.get("structured_output").filter(|value| !value.is_null()) {
        return structured.to_string();
    }
    let said = |message: &Value| {
        let texts = parts(message).filter_map(|part| part["text"].as_str());
        Some(texts.collect::<String>()).filter(|text| !text.is_empty())
    };
    // A result without a text, as after too many turns.
    let last = messages(events).collect::<Vec<_>>().into_iter().rev().find_map(said);
    last.unwrap_or_default()
}

/// The messages of the agent itself, not of those that it started.
fn messages(events: &[Value]) -> impl Iterator<Item = &Value> {
    let own = events
        .iter()
        .filter(|event| event["type"] == "assistant" && event["parent_tool_use_id"].is_null());
    own.map(|event| &event["message"])
}

fn parts(message: &Value) -> impl Iterator<Item = &Value> {
    message["content"].as_array().into_iter().flatten()
}

/// The model with the largest cost, or else the most tokens; without such a list, the one that the stream names.
fn model(result: &Value, events: &[Value]) -> Option<String> {
    let used = result["modelUsage"].as_object().into_iter().flatten();
    let size = |of: &Value| (of["costUSD"].as_f64().unwrap_or(0.0), count(&of["outputTokens"]) as f64);
    let most =
        used.max_by(|(_, one), (_, other)| size(one).partial_cmp(&size(other)).unwrap_or(std::cmp::Ordering::Equal));
    let named = || {
        let first = events.iter().find_map(|event| event["model"].as_str());
        first.or_else(|| messages(events).find_map(|message| message["model"].as_str()))
    };
    most.map(|(name, _)| name.as_str()).or_else(named).map(str::to_owned)
}

/// The tokens of the result, or else of the messages.
fn usage(result: &Value, events: &[Value]) -> Option<Usage> {
    let of_messages = || {
        messages(events)
            .filter_map(|message| tokens(&message["usage"]))
            .reduce(sum)
    };
    tokens(&result["usage"]).or_else(of_messages)
}

fn tokens(usage: &Value) -> Option<Usage> {
    usage.as_object()?;
    Some(Usage {
        input: count(&usage["input_tokens"]),
        cache_read: count(&usage["cache_read_input_tokens"]),
        cache_write: count(&usage["cache_creation_input_tokens"]),
        output: count(&usage["output_tokens"]),
    })
}
