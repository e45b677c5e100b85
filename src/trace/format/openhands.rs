//! Reads OpenHands streams of actions and observations. Each message of the user starts a trace, up to the next one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::{Item, Items};
use super::field::{between, count, facts, text, text_of, time};
use super::groups::{Room, found_with, too_long};
use super::location::{SkippedPart, SourceLocation};
use super::{TraceResult, field};
use crate::artifact::trace::{Trace, TraceStep};
use crate::digest::Digest;

/// A message of the user and the events up to the next one.
struct OpenHandsPrompt {
    place: SourceLocation,
    events: Vec<Value>,
    number: usize,
    /// The memory that further events may take.
    room: Room,
}

enum EventKind {
    /// A message of the user, which starts a trace.
    Asked,
    /// Any other event of the current trace.
    Further,
}

/// Reads all events of a file.
pub(crate) fn events(items: Items<'_>) -> impl Iterator<Item = TraceResult> + '_ {
    let (mut open, mut number) = (None::<OpenHandsPrompt>, 0);
    found_with(items, move |item| {
        let Some(item) = item else {
            return open.take().map(trace).into_iter().collect();
        };
        match item.and_then(|item| Ok((kind(&item)?, item))) {
            Err(skipped) => vec![Err(skipped)],
            Ok((EventKind::Asked, item)) => {
                number += 1;
                let before = open.replace(OpenHandsPrompt::begin(item, number));
                before.map(trace).into_iter().collect()
            }
            Ok((EventKind::Further, item)) => match &mut open {
                Some(prompt) => {
                    prompt.add(item);
                    Vec::new()
                }
                None => vec![Err(item.place.skipped("it comes before the first message of the user"))],
            },
        }
    })
}

fn kind(item: &Item) -> Result<EventKind, SkippedPart> {
    let kind = text_of(&item.value, &["action", "observation"]);
    match (item.value["source"].as_str(), kind.as_deref()) {
        (_, None) => Err(item.place.skipped("neither an action nor an observation")),
        (_, Some("agent_state_changed" | "change_agent_state" | "system" | "recall" | "null"))
        | (Some("environment"), _) => Err(item.place.passed_over("an internal note of the program")),
        (Some("user"), Some("message")) => Ok(EventKind::Asked),
        _ => Ok(EventKind::Further),
    }
}

impl OpenHandsPrompt {
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

fn trace(prompt: OpenHandsPrompt) -> TraceResult {
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
    let steps: Vec<TraceStep> = prompt
        .events
        .iter()
        .filter_map(|event| step(event, &observed))
        .collect();
    let answer = steps.iter().rev().find(|step| step.step_type == "respond");
    Ok(Trace {
        query: said(first).unwrap_or_default(),
        model: calls().filter_map(|response| text(response, "model")).next_back(),
        result: answer.and_then(|step| text(&step.output, "content")),
        // OpenHands times usually have no time zone: the duration is known, the start is not.
        started_at: time(&first["timestamp"]),
        ended_at: time(&last["timestamp"]).filter(|_| prompt.events.len() > 1),
        total_latency_seconds: between(&first["timestamp"], &last["timestamp"]).filter(|_| prompt.events.len() > 1),
        total_tokens: tokens(calls()),
        metadata: facts([
            ("prompt", prompt.number.into()),
            ("local_time", text(first, "timestamp").into()),
        ]),
        steps,
        ..field::empty_trace(format!("openhands:{}", Digest::of_value(&prompt.events)))
    })
}

/// The text of a message: in `args`, or in `message` for older events.
fn said(event: &Value) -> Option<String> {
    let arguments = &event["args"];
    text_of(arguments, &["content", "final_thought", "thought"]).or_else(|| text(event, "message"))
}

/// The first observation of each action, by the action's id as JSON.
fn observed(events: &[Value]) -> BTreeMap<String, &Value> {
    let caused = events.iter().rev().filter(|event| !event["cause"].is_null());
    caused.map(|event| (event["cause"].to_string(), event)).collect()
}

/// The step of an action of the agent, with the observation that the action caused.
fn step(event: &Value, observed: &BTreeMap<String, &Value>) -> Option<TraceStep> {
    let action = event["action"].as_str().filter(|_| event["source"] == "agent")?;
    if matches!(action, "message" | "finish") {
        let output = facts([("content", text(event, "message").or_else(|| said(event)).into())]);
        return Some(field::empty_step("respond", json!({}), output));
    }
    let caused = observed.get(&event["id"].to_string()).copied();
    let output = caused.map_or(
        Value::Null,
        |seen| json!({"content": text_of(seen, &["content", "message"])}),
    );
    let tool = text(&event["tool_call_metadata"], "function_name").unwrap_or_else(|| action.to_owned());
    let mut step = field::empty_step("tool_call", json!({"tool": tool, "arguments": event["args"]}), output);
    step.duration_seconds = caused.and_then(|seen| between(&event["timestamp"], &seen["timestamp"]));
    Some(step)
}

/// The total tokens. Counts each response once, because an action and its observation refer to the same response.
fn tokens<'a>(responses: impl Iterator<Item = &'a Value>) -> Option<u64> {
    let known =
        responses.filter_map(|response| Some((text(response, "id")?, count(&response["usage"]["total_tokens"])?)));
    known
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .reduce(u64::saturating_add)
}
