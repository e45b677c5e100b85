//! Helpers to read a provider's JSON without trusting its shape.

use serde_json::Value;

use super::{Complaint, NoReply};
use crate::artifact::spending::Usage;

/// A text that may be null or absent, or a list of parts. Parts of other types, such as thoughts, do not count.
pub(super) fn text(value: Option<&Value>, name: &str) -> Result<String, NoReply> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts.iter().filter_map(part).collect()),
        Some(only @ Value::Object(_)) => part(only).map(str::to_owned).ok_or_else(|| wrong(name, "a text", only)),
        Some(other) => Err(wrong(name, "a text", other)),
    }
}

fn part(part: &Value) -> Option<&str> {
    part.as_str().or_else(|| part.get("text")?.as_str())
}

/// The thoughts in a message: a text, a list of parts, or parts of type `thinking` in its content.
pub(super) fn thoughts(message: &Value) -> String {
    fn words(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().map(words).collect(),
            Value::Object(part) => part
                .get("text")
                .or_else(|| part.get("thinking"))
                .map(words)
                .unwrap_or_default(),
            _ => String::new(),
        }
    }
    let named = ["reasoning_content", "reasoning", "thinking"]
        .iter()
        .find_map(|name| message.get(*name));
    let inside = message.get("content").and_then(Value::as_array).into_iter().flatten();
    let inside: String = inside
        .filter(|part| part.get("thinking").is_some())
        .map(words)
        .collect();
    named.map(words).unwrap_or_default() + &inside
}

/// A list that may be null or absent.
pub(super) fn list<'v>(value: Option<&'v Value>, name: &str) -> Result<&'v [Value], NoReply> {
    match value {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong(name, "a list", other)),
    }
}

/// A tool's name. A call without one is the model's mistake: no tool has that name.
pub(super) fn name(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A tool call's arguments: a text, or an object that the server has already parsed.
pub(super) fn arguments(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The usage in a reply; `None` if it has no token counts or an invalid one. Unknown usage must not be read as 0.
pub(super) fn usage(usage: &Value, input: &str, output: &str, cache: [Option<&Value>; 2]) -> Option<Usage> {
    let named = |name: &str| usage.get(name).filter(|value| !value.is_null());
    if named(input).is_none() && named(output).is_none() {
        return None;
    }
    let count = |value: Option<&Value>| value.filter(|value| !value.is_null()).map_or(Some(0), whole);
    Some(Usage {
        input: count(named(input))?,
        cache_read: count(cache[0])?,
        cache_write: count(cache[1])?,
        output: count(named(output))?,
    })
}

/// A count of tokens; `None` if it is not a whole number from 0. Some servers write it with a decimal point.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let is_count = |count: f64| (0.0..1e15).contains(&count) && count.fract() == 0.0;
    let written = |count: f64| is_count(count).then_some(count as u64);
    value
        .as_u64()
        .filter(|count| *count < 1 << 50)
        .or_else(|| value.as_f64().and_then(written))
}

/// Fails if the reply is an error that was sent with status 200.
pub(super) fn no_error(value: &Value) -> Result<(), NoReply> {
    match value.get("error").is_some_and(is_error) {
        true => Err(NoReply::Failure(Complaint::of_value(value))),
        false => Ok(()),
    }
}

/// Whether the field `error` reports one: some servers always send it, with an empty value.
pub(super) fn is_error(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(_) => false,
        Value::String(words) => !words.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(code) => code.as_f64() != Some(0.0),
    }
}

/// The failure of a reply without the part that holds the answer: what the server says instead, if it says anything.
pub(super) fn missing(value: &Value, why: &str) -> NoReply {
    match Complaint::without_error(value) {
        Some(complaint) => NoReply::Failure(complaint),
        None => NoReply::Garbled(why.to_owned()),
    }
}

fn wrong(name: &str, wanted: &str, found: &Value) -> NoReply {
    NoReply::Garbled(format!(
        "the reply's {name} is not {wanted} but {}",
        begin(&found.to_string())
    ))
}

fn begin(text: &str) -> String {
    text.chars().take(200).collect()
}
