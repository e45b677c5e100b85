//! Reads chat conversations in the format for fine-tuning, `{"messages": […]}` per line, and the variant with
//! `conversations` of `from` and `value`.

use serde_json::Value;

use super::conversation::conversation_run;
use super::document::Item;
use super::field::{facts, first, label, text};
use super::message::messages;
use super::{TraceResult, field};
use crate::artifact::trace::Trace;

/// Keys of a line that go into fields of the trace, or that are ignored.
const READ: [&str; 6] = ["messages", "conversations", "model", "agent", "id", "tools"];

/// Reads one conversation as one trace, with the first question and the last answer.
pub(crate) fn trace(item: &Item) -> TraceResult {
    let value = &item.value;
    let said = first(value, &["messages", "conversations"])
        .map(messages)
        .unwrap_or_default();
    if said.is_empty() {
        return Err(item.place.skipped("no messages with a role"));
    }
    let run = conversation_run(&said);
    let own = label(&value["id"]);
    Ok(Trace {
        query: run.query,
        agent: text(value, "agent"),
        model: text(value, "model"),
        result: run.result,
        steps: run.steps,
        metadata: facts([
            ("id", own.clone().into()),
            ("turns", run.turns.into()),
            ("place", item.place.to_string().into()),
            ("said_beside", beside(value)),
        ]),
        ..field::empty_trace(field::trace_id("chat", own.as_deref(), value))
    })
}

/// The other keys of the line, such as a score, which is not used as feedback because its scale is unknown.
fn beside(value: &Value) -> Value {
    let mut rest = value.as_object().cloned().unwrap_or_default();
    rest.retain(|key, value| !READ.contains(&key.as_str()) && !value.is_null());
    if rest.is_empty() {
        Value::Null
    } else {
        Value::Object(rest)
    }
}
