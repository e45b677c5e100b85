//! Fields of JSON objects, read as what they should be; anything else counts as absent.

use serde_json::{Map, Value};

/// A text that is not empty.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The first of several keys that holds a text.
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

/// A list; none when it is something else.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// The first of several keys that is there and not null.
pub(crate) fn first<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().map(|key| &value[*key]).find(|found| !found.is_null())
}

/// A count; some programs write it as text.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Seconds since 1970 of an RFC 3339 text. A time without a zone is none: nobody says where it holds.
pub(crate) fn time(value: &Value) -> Option<f64> {
    let moment = chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(moment.timestamp_micros() as f64 / 1e6)
}

/// The seconds between two local times of one clock.
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

/// The seconds from one moment to a later one, in microseconds: the moments themselves are no finer.
pub(crate) fn lasted(start: Option<f64>, end: Option<f64>) -> Option<f64> {
    let seconds = end? - start?;
    (seconds >= 0.0).then(|| (seconds * 1e6).round() / 1e6)
}

/// A rating from 0 to 1.
pub(crate) fn rating(value: &Value) -> Option<f64> {
    value.as_f64().filter(|rating| (0.0..=1.0).contains(rating))
}

/// An object without the facts that are null.
pub(crate) fn facts<const N: usize>(facts: [(&str, Value); N]) -> Value {
    let known = facts.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(known.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

/// The value behind texts that hold JSON: some programs write JSON into JSON, more than once.
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

/// A value as a person reads it: a text as it is, anything else as JSON.
pub(crate) fn readable(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}
