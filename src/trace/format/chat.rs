//! Chat conversations: `{"messages": […]}` a line, as for fine-tuning; `conversations` of `from` and `value` are read too.

use serde_json::Value;

use super::conversation::told;
use super::document::Item;
use super::field::{facts, first, label, text};
use super::message::messages;
use super::{Found, blank};
use crate::artifact::trace::Trace;

/// What a line may say beside the messages that a trace has a field for.
const READ: [&str; 6] = ["messages", "conversations", "model", "agent", "id", "tools"];

/// One conversation, one trace: the first question, the last answer.
pub(crate) fn trace(item: &Item) -> Found {
    let value = &item.value;
    let said = first(value, &["messages", "conversations"])
        .map(messages)
        .unwrap_or_default();
    if said.is_empty() {
        return Err(item.place.skipped("no messages with a role in it"));
    }
    let told = told(&said);
    let own = label(&value["id"]);
    Ok(Trace {
        query: told.query,
        agent: text(value, "agent"),
        model: text(value, "model"),
        result: told.result,
        steps: told.steps,
        metadata: facts([
            ("id", own.clone().into()),
            ("turns", told.turns.into()),
            ("place", item.place.to_string().into()),
            ("said_beside", beside(value)),
        ]),
        ..blank::trace(blank::id("chat", own.as_deref(), value))
    })
}

/// What else the line says; a score of unknown scale stays here.
fn beside(value: &Value) -> Value {
    let mut rest = value.as_object().cloned().unwrap_or_default();
    rest.retain(|key, value| !READ.contains(&key.as_str()) && !value.is_null());
    if rest.is_empty() {
        Value::Null
    } else {
        Value::Object(rest)
    }
}
