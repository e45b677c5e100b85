//! OpenHands: a stream of actions and observations. One message of the user is one trace, up to the next one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::{Item, Items};
use super::field::{between, count, facts, text, text_of, time};
use super::place::Skipped;
use super::{Found, blank};
use crate::artifact::trace::{Step, Trace};
use crate::digest::Digest;

/// A message of the user and the events up to the next one.
#[derive(Default)]
struct Prompt {
    events: Vec<Value>,
    number: usize,
}

/// Reads all events of a file.
pub fn events(items: Items) -> Vec<Found> {
    let mut prompts: Vec<Prompt> = Vec::new();
    let mut found = Vec::new();
    for item in items {
        if let Err(skipped) = item.and_then(|item| add(&mut prompts, item)) {
            found.push(Err(skipped));
        }
    }
    prompts.iter().map(|prompt| Ok(trace(prompt))).chain(found).collect()
}

fn add(prompts: &mut Vec<Prompt>, item: Item) -> Result<(), Skipped> {
    let event = item.value;
    let kind = text_of(&event, &["action", "observation"]);
    match (event["source"].as_str(), kind.as_deref()) {
        (_, None) => return Err(item.place.skipped("neither an action nor an observation")),
        (_, Some("agent_state_changed" | "change_agent_state" | "system" | "recall" | "null"))
        | (Some("environment"), _) => {
            return Err(item.place.passed_over("a note of the program"));
        }
        (Some("user"), Some("message")) => prompts.push(Prompt {
            number: prompts.len() + 1,
            events: vec![event],
        }),
        _ => {
            let early = || item.place.skipped("it comes before the first message of the user");
            prompts.last_mut().ok_or_else(early)?.events.push(event);
        }
    }
    Ok(())
}

fn trace(prompt: &Prompt) -> Trace {
    let (first, last) = (&prompt.events[0], &prompt.events[prompt.events.len() - 1]);
    let calls = || {
        prompt
            .events
            .iter()
            .map(|event| &event["tool_call_metadata"]["model_response"])
    };
    let steps: Vec<Step> = prompt
        .events
        .iter()
        .filter_map(|event| step(event, &prompt.events))
        .collect();
    let answer = steps.iter().rev().find(|step| step.step_type == "respond");
    Trace {
        query: said(first).unwrap_or_default(),
        model: calls().filter_map(|response| text(response, "model")).next_back(),
        result: answer.and_then(|step| text(&step.output, "content")),
        // Their times have no zone: when it was nobody can say, how long it took one can.
        started_at: time(&first["timestamp"]),
        ended_at: time(&last["timestamp"]).filter(|_| prompt.events.len() > 1),
        total_latency_seconds: between(&first["timestamp"], &last["timestamp"]).filter(|_| prompt.events.len() > 1),
        total_tokens: tokens(calls()),
        metadata: facts([
            ("prompt", prompt.number.into()),
            ("local_time", text(first, "timestamp").into()),
        ]),
        steps,
        ..blank::trace(format!("openhands:{}", Digest::of_value(&prompt.events)))
    }
}

/// A message says the same under `args.content` and, for older events, under `message`.
fn said(event: &Value) -> Option<String> {
    let arguments = &event["args"];
    text_of(arguments, &["content", "final_thought", "thought"]).or_else(|| text(event, "message"))
}

/// Observations belong to the action that caused them.
fn step(event: &Value, events: &[Value]) -> Option<Step> {
    let action = event["action"].as_str().filter(|_| event["source"] == "agent")?;
    if matches!(action, "message" | "finish") {
        let output = facts([("content", text(event, "message").or_else(|| said(event)).into())]);
        return Some(blank::step("respond", json!({}), output));
    }
    let caused = events
        .iter()
        .find(|other| !other["cause"].is_null() && other["cause"] == event["id"]);
    let output = caused.map_or(
        Value::Null,
        |seen| json!({"content": text_of(seen, &["content", "message"])}),
    );
    let tool = text(&event["tool_call_metadata"], "function_name").unwrap_or_else(|| action.to_owned());
    let mut step = blank::step("tool_call", json!({"tool": tool, "arguments": event["args"]}), output);
    step.duration_seconds = caused.and_then(|seen| between(&event["timestamp"], &seen["timestamp"]));
    Some(step)
}

/// Tokens by response: an action and its observation name the same one.
fn tokens<'a>(responses: impl Iterator<Item = &'a Value>) -> Option<u64> {
    let known =
        responses.filter_map(|response| Some((text(response, "id")?, count(&response["usage"]["total_tokens"])?)));
    known
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .reduce(u64::saturating_add)
}
