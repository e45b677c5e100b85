//! Reads fields of JSON objects as the expected type, and creates the empty traces and steps that a dialect fills. A
//! value of another type counts as absent.

use serde_json::{Map, Value, json};

use crate::artifact::trace::{Trace, TraceStep};
use crate::digest::Digest;

/// The text under a key, if it is not empty.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The text under the first of several keys that has one.
pub(crate) fn text_of(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| text(value, key))
}

/// A text, or a number as text.
pub(crate) fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The list under a key; empty if the value is not a list.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// The value of the first of several keys that is present and not null.
pub(crate) fn first<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().map(|key| &value[*key]).find(|found| !found.is_null())
}

/// A count, as a number or as text.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// An RFC 3339 text in seconds since 1970. `None` for a time without a time zone, because it is ambiguous.
pub(crate) fn time(value: &Value) -> Option<f64> {
    let moment = chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(moment.timestamp_micros() as f64 / 1e6)
}

/// The seconds between two times of the same clock, with or without a time zone.
pub(crate) fn between(earlier: &Value, later: &Value) -> Option<f64> {
    let read = |value: &Value| {
        let text = value.as_str()?;
        let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
        local
            .map(|local| local.and_utc().timestamp_micros())
            .or_else(|| time(value).map(|at| (at * 1e6) as i64))
    };
    let microseconds = read(later)?.checked_sub(read(earlier)?)?;
    (microseconds >= 0).then(|| microseconds as f64 / 1e6)
}

/// The seconds from `start` to `end`, rounded to microseconds, the precision of the times themselves.
pub(crate) fn lasted(start: Option<f64>, end: Option<f64>) -> Option<f64> {
    let seconds = end? - start?;
    (seconds >= 0.0).then(|| (seconds * 1e6).round() / 1e6)
}

/// A rating from 0 to 1.
pub(crate) fn rating(value: &Value) -> Option<f64> {
    value.as_f64().filter(|rating| (0.0..=1.0).contains(rating))
}

/// An object of these entries, without those that are null.
pub(crate) fn facts<const N: usize>(facts: [(&str, Value); N]) -> Value {
    let known = facts.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(known.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

/// Parses text that contains JSON, up to three times, because some programs nest JSON in JSON strings.
pub(crate) fn unwrapped(value: &Value) -> Value {
    let mut value = value.clone();
    for _ in 0..3 {
        let Value::String(text) = &value else { break };
        if !text.trim_start().starts_with(['{', '[', '"']) {
            break;
        }
        match serde_json::from_str(text) {
            Ok(inner) => value = inner,
            Err(_) => break,
        }
    }
    value
}

/// A value as readable text: a string unchanged, anything else as JSON.
pub(crate) fn readable(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

/// A trace with nothing but its id.
pub(crate) fn empty_trace(trace_id: String) -> Trace {
    Trace {
        trace_id,
        query: String::new(),
        agent: None,
        model: None,
        engine: None,
        result: None,
        outcome: None,
        feedback: None,
        started_at: None,
        ended_at: None,
        total_tokens: None,
        total_latency_seconds: None,
        metadata: json!({}),
        steps: Vec::new(),
        extra: Default::default(),
    }
}

/// A step without a duration.
pub(crate) fn empty_step(step_type: &str, input: Value, output: Value) -> TraceStep {
    TraceStep {
        step_type: step_type.to_owned(),
        input,
        output,
        duration_seconds: None,
        extra: Default::default(),
    }
}

/// A trace id from the digest of the content, preceded by the source's own id if there is one, which may not be unique.
pub(crate) fn trace_id(dialect: &str, own: Option<&str>, content: &Value) -> String {
    let digest = Digest::of_value(content);
    match own {
        Some(own) => format!("{dialect}:{own}-{}", digest.short()),
        None => format!("{dialect}:{}", &digest.to_string()[..20]),
    }
}
