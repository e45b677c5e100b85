//! OpenHands: a stream of actions and observations. One message of the user is one trace, up to the next one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::{Item, Items};
use super::field::{between, count, facts, text, text_of, time};
use super::joined::{Room, found_with, too_long};
use super::place::{Skipped, SourceLocation};
use super::{Found, blank};
use crate::artifact::trace::{Step, Trace};
use crate::digest::Digest;

/// A message of the user and the events up to the next one.
struct Prompt {
    place: SourceLocation,
    events: Vec<Value>,
    number: usize,
    /// For further events.
    room: Room,
}

/// What an event is.
enum Kind {
    /// A message of the user: a trace begins.
    Asked,
    /// The trace goes on.
    Further,
}

/// Reads all events of a file.
pub(crate) fn events(items: Items<'_>) -> impl Iterator<Item = Found> + '_ {
    let (mut open, mut number) = (None::<Prompt>, 0);
    found_with(items, move |item| {
        let Some(item) = item else {
            return open.take().map(trace).into_iter().collect();
        };
        match item.and_then(|item| Ok((kind(&item)?, item))) {
            Err(skipped) => vec![Err(skipped)],
            Ok((Kind::Asked, item)) => {
                number += 1;
                let before = open.replace(Prompt::begin(item, number));
                before.map(trace).into_iter().collect()
            }
            Ok((Kind::Further, item)) => match &mut open {
                Some(prompt) => {
                    prompt.add(item);
                    Vec::new()
                }
                None => vec![Err(item.place.skipped("it comes before the first message of the user"))],
            },
        }
    })
}

fn kind(item: &Item) -> Result<Kind, Skipped> {
    let kind = text_of(&item.value, &["action", "observation"]);
    match (item.value["source"].as_str(), kind.as_deref()) {
        (_, None) => Err(item.place.skipped("neither an action nor an observation")),
        (_, Some("agent_state_changed" | "change_agent_state" | "system" | "recall" | "null"))
        | (Some("environment"), _) => Err(item.place.passed_over("a note of the program")),
        (Some("user"), Some("message")) => Ok(Kind::Asked),
        _ => Ok(Kind::Further),
    }
}

impl Prompt {
    fn begin(item: Item, number: usize) -> Self {
        Self {
            place: item.place,
            events: vec![item.value],
            number,
            room: Room::default(),
        }
    }

    fn add(&mut self, item: Item) {
        match self.room.takes(&item) {
            true => self.events.push(item.value),
            false => self.events.truncate(1),
        }
    }
}

fn trace(prompt: Prompt) -> Found {
    if prompt.room.is_exceeded() {
        return Err(too_long(&prompt.place));
    }
    let (first, last) = (&prompt.events[0], &prompt.events[prompt.events.len() - 1]);
    let calls = || {
        prompt
            .events
            .iter()
            .map(|event| &event["tool_call_metadata"]["model_response"])
    };
    let observed = observed(&prompt.events);
    let steps: Vec<Step> = prompt
        .events
        .iter()
        .filter_map(|event| step(event, &observed))
        .collect();
    let answer = steps.iter().rev().find(|step| step.step_type == "respond");
    Ok(Trace {
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
    })
}

/// A message says the same under `args.content` and, for older events, under `message`.
fn said(event: &Value) -> Option<String> {
    let arguments = &event["args"];
    text_of(arguments, &["content", "final_thought", "thought"]).or_else(|| text(event, "message"))
}

/// The first observation of each action, by the action's id as JSON.
fn observed(events: &[Value]) -> BTreeMap<String, &Value> {
    let caused = events.iter().rev().filter(|event| !event["cause"].is_null());
    caused.map(|event| (event["cause"].to_string(), event)).collect()
}

/// Observations belong to the action that caused them.
fn step(event: &Value, observed: &BTreeMap<String, &Value>) -> Option<Step> {
    let action = event["action"].as_str().filter(|_| event["source"] == "agent")?;
    if matches!(action, "message" | "finish") {
        let output = facts([("content", text(event, "message").or_else(|| said(event)).into())]);
        return Some(blank::step("respond", json!({}), output));
    }
    let caused = observed.get(&event["id"].to_string()).copied();
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
