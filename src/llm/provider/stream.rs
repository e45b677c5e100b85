//! Streams of events, which some servers and proxies send without being asked: joins their parts into one reply.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::NoReply;
use super::json::is_error;

/// The reply in a stream of server-sent events, or of JSON lines as Ollama writes them; `None` if the text is no stream.
///
/// # Errors
/// The stream broke off, or reports an error.
pub(super) fn assembled(text: &str) -> Option<Result<Value, NoReply>> {
    let parts = events(text).or_else(|| lines(text))?;
    Some(reply(&parts, text))
}

/// The JSON of each event. Comments (`: keep-alive`), event names and the closing `[DONE]` carry none.
fn events(text: &str) -> Option<Vec<Value>> {
    let is_field = |line: &str| {
        ["data:", "event:", ":", "id:", "retry:"]
            .iter()
            .any(|name| line.starts_with(name))
    };
    let mut written = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    if !written.next().is_some_and(is_field) {
        return None;
    }
    let (mut parts, mut data) = (Vec::new(), String::new());
    // The data of one event may be spread over several lines; an empty line ends the event.
    for line in text.lines().map(str::trim_end).chain([""]) {
        match line.strip_prefix("data:") {
            // Some servers leave out the empty line after an event.
            Some(more) if data.is_empty() => match serde_json::from_str(more.trim()) {
                Ok(value) => parts.push(value),
                Err(_) => data += more,
            },
            Some(more) => data += more,
            None if line.is_empty() => {
                parts.extend(serde_json::from_str::<Value>(data.trim()).ok());
                data.clear();
            }
            None => {}
        }
    }
    Some(parts)
}

/// Several JSON objects, one per line.
fn lines(text: &str) -> Option<Vec<Value>> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let parts: Vec<Value> = lines.iter().map_while(|line| serde_json::from_str(line).ok()).collect();
    (lines.len() > 1 && !parts.is_empty() && parts.iter().all(Value::is_object)).then_some(parts)
}

fn reply(parts: &[Value], text: &str) -> Result<Value, NoReply> {
    if let Some(failed) = parts.iter().find(|part| part.get("error").is_some_and(is_error)) {
        return Ok(failed.clone());
    }
    let has = |name: &str| parts.iter().any(|part| part.get(name).is_some());
    let (value, is_complete) = match () {
        () if has("choices") => chat_completion(parts, text),
        () if parts.iter().any(|part| part["type"] == "message_start") => message(parts),
        () if has("message") || has("done") => ollama(parts),
        () => return Err(NoReply::Garbled("the stream has no part of a reply".to_owned())),
    };
    match is_complete {
        true => Ok(value),
        false => Err(NoReply::Garbled(
            "the stream broke off before the end of the reply".to_owned(),
        )),
    }
}

/// OpenAI's chunks. A stream is complete if it states why the model stopped, or ends with `[DONE]`.
fn chat_completion(parts: &[Value], text: &str) -> (Value, bool) {
    let (mut message, mut calls) = (Map::new(), BTreeMap::new());
    let (mut reason, mut usage, mut model, mut error) = (Value::Null, Value::Null, Value::Null, Value::Null);
    for part in parts {
        keep(&mut model, part.get("model"));
        keep(&mut usage, part.get("usage"));
        let Some(choice) = part.get("choices").and_then(|choices| choices.get(0)) else {
            continue;
        };
        keep(&mut reason, choice.get("finish_reason"));
        keep(&mut error, choice.get("error"));
        let delta = choice
            .get("delta")
            .or_else(|| choice.get("message"))
            .and_then(Value::as_object);
        for (name, value) in delta.into_iter().flatten() {
            match name.as_str() {
                "tool_calls" => add_calls(&mut calls, value),
                _ => append(&mut message, name, value),
            }
        }
    }
    if !calls.is_empty() {
        message.insert("tool_calls".into(), calls.into_values().collect());
    }
    let is_complete = !reason.is_null() || is_error(&error) || text.contains("[DONE]");
    let choice = json!({"message": message, "finish_reason": reason, "error": error});
    (
        json!({"choices": [choice], "usage": usage, "model": model}),
        is_complete,
    )
}

/// Anthropic's events.
fn message(parts: &[Value]) -> (Value, bool) {
    let mut blocks: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let (mut whole, mut usage) = (json!({}), Map::new());
    let mut is_complete = false;
    for part in parts {
        let mut count = |usage_of: Option<&Value>| {
            let counts = usage_of.and_then(|of| of.get("usage")).and_then(Value::as_object);
            usage.extend(
                counts
                    .into_iter()
                    .flatten()
                    .map(|(name, count)| (name.clone(), count.clone())),
            );
        };
        let at = part.get("index").and_then(Value::as_u64).unwrap_or_default();
        match part["type"].as_str() {
            Some("message_start") => {
                whole["model"] = part["message"]["model"].clone();
                count(part.get("message"));
            }
            Some("content_block_start") => {
                blocks.insert(at, part["content_block"].as_object().cloned().unwrap_or_default());
            }
            Some("content_block_delta") => {
                let delta = part["delta"].as_object();
                for (name, value) in delta.into_iter().flatten().filter(|(name, _)| *name != "type") {
                    append(blocks.entry(at).or_default(), name, value);
                }
            }
            Some("message_delta") => {
                whole["stop_reason"] = part["delta"]["stop_reason"].clone();
                is_complete |= !whole["stop_reason"].is_null();
                count(Some(part));
            }
            Some("message_stop") => is_complete = true,
            _ => {}
        }
    }
    let block = |mut block: Map<String, Value>| {
        if let Some(written) = block.remove("partial_json") {
            block.insert("input".into(), written);
        }
        Value::Object(block)
    };
    whole["content"] = blocks.into_values().map(block).collect();
    whole["usage"] = usage.into();
    (whole, is_complete)
}

/// Ollama's lines. The last one has the counts.
fn ollama(parts: &[Value]) -> (Value, bool) {
    let mut message = Map::new();
    for part in parts {
        let said = part.get("message").and_then(Value::as_object);
        for (name, value) in said.into_iter().flatten() {
            append(&mut message, name, value);
        }
    }
    let mut whole = parts.last().cloned().unwrap_or_default();
    let is_complete = whole["done"] == true;
    whole["message"] = message.into();
    (whole, is_complete)
}

/// Replaces a value by a later one, unless that is null.
fn keep(slot: &mut Value, later: Option<&Value>) {
    if let Some(later) = later.filter(|later| !later.is_null()) {
        *slot = later.clone();
    }
}

/// Appends texts and lists; other values replace earlier ones. A role is stated again in each part.
fn append(fields: &mut Map<String, Value>, name: &str, value: &Value) {
    match (fields.get_mut(name), value) {
        (_, Value::Null) => {}
        (Some(Value::String(text)), Value::String(more)) if name != "role" => text.push_str(more),
        (Some(Value::Array(items)), Value::Array(more)) => items.extend(more.iter().cloned()),
        _ => {
            fields.insert(name.to_owned(), value.clone());
        }
    }
}

/// Adds the pieces of tool calls: the first piece of a call has its id and name, the others more of its arguments.
fn add_calls(calls: &mut BTreeMap<u64, Value>, pieces: &Value) {
    for piece in pieces.as_array().into_iter().flatten() {
        let next = calls.len() as u64;
        let at = piece.get("index").and_then(Value::as_u64).unwrap_or(next);
        let call = calls.entry(at).or_insert_with(|| json!({"id": null, "function": {}}));
        keep(&mut call["id"], piece.get("id"));
        let function = piece.get("function").and_then(Value::as_object);
        if let Some(known) = call["function"].as_object_mut() {
            for (name, value) in function.into_iter().flatten() {
                append(known, name, value);
            }
        }
    }
}
