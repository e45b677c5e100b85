//! Reading a provider's JSON, which may be anything.

use serde_json::Value;

use super::NoReply;

/// A text that may be null or absent.
pub(super) fn text(value: Option<&Value>, name: &str) -> Result<String, NoReply> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()),
        Some(other) => Err(wrong(name, "a text", other)),
    }
}

/// A list that may be null or absent.
pub(super) fn list<'v>(value: Option<&'v Value>, name: &str) -> Result<&'v [Value], NoReply> {
    match value {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong(name, "a list", other)),
    }
}

/// A tool's name, which is owed.
pub(super) fn name(value: Option<&Value>) -> Result<String, NoReply> {
    let text = value.and_then(Value::as_str).filter(|name| !name.is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| NoReply("the reply calls a tool without a name".into()))
}

/// Arguments as the model wrote them: a text, or an object that the server has parsed already.
pub(super) fn arguments(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A count of tokens; what is none counts as 0.
pub(super) fn count(usage: &Value, name: &str) -> u64 {
    usage.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// A complaint that came with status 200.
pub(super) fn no_error(value: &Value) -> Result<(), NoReply> {
    match value.get("error").filter(|error| !error.is_null()) {
        Some(error) => {
            let said = error.get("message").and_then(Value::as_str).map(str::to_owned);
            let said = said.unwrap_or_else(|| error.to_string());
            Err(NoReply(format!("the reply is an error: {}", begin(&said))))
        }
        None => Ok(()),
    }
}

fn wrong(name: &str, wanted: &str, found: &Value) -> NoReply {
    NoReply(format!(
        "the reply's {name} is not {wanted} but {}",
        begin(&found.to_string())
    ))
}

fn begin(text: &str) -> String {
    text.chars().take(200).collect()
}
