//! What a value of any shape asks or answers, as text.

use serde_json::Value;

use super::field::{readable, unwrapped};
use super::message::{Role, messages};

/// The last thing that a user says in a value; a plain text is a question as it stands.
pub(crate) fn asked(value: &Value) -> Option<String> {
    let messages = messages(value);
    let last = messages
        .iter()
        .rev()
        .find(|message| message.role == Role::User && !message.text.is_empty());
    match last {
        Some(message) => Some(message.text.clone()),
        None => plain(value),
    }
}

/// The last thing that a model says in a value, without calls of tools; what is no message is an answer as it stands.
pub(crate) fn answered(value: &Value) -> Option<String> {
    let messages = messages(value);
    if messages.is_empty() {
        return readable(&unwrapped(value));
    }
    let last = messages.iter().rev().find(|message| message.role == Role::Assistant)?;
    Some(last.text.clone()).filter(|text| last.calls.is_empty() && !text.is_empty())
}

/// The last message, whoever speaks.
pub(crate) fn last(value: &Value) -> Value {
    let messages = messages(value);
    let text = messages.last().map(|message| match message.answers.first() {
        Some(answer) if message.text.is_empty() => answer.content.clone(),
        _ => Value::String(message.text.clone()),
    });
    text.unwrap_or_else(|| unwrapped(value))
}

fn plain(value: &Value) -> Option<String> {
    match unwrapped(value) {
        Value::String(text) => readable(&Value::String(text)),
        _ => None,
    }
}
