//! Reads chat conversations in the format for fine-tuning, `{"messages": […]}` per line, and the variant with
//! `conversations` of `from` and `value`. A log of requests has the answer beside the messages.

use serde_json::{Value, json};

use super::conversation::conversation_run;
use super::document::Item;
use super::field::{facts, first, label, list, readable, text, text_of};
use super::message::{MessageRole, RESULTS, RecordedMessage, is_message, message, messages};
use super::{TraceResult, field};
use crate::artifact::trace::Trace;

/// The keys that hold the messages.
const LISTS: [&str; 2] = ["messages", "conversations"];
/// The keys that hold the model's answer to the messages.
const ANSWERS: [&str; 5] = ["response", "choices", "completion", "output", "outputs"];
/// Keys of a line that go into fields of the trace, or that are ignored.
const READ: [&str; 4] = ["model", "agent", "id", "tools"];
/// The types of the parts of a message that are read, or that hold no text.
const PARTS: [&str; 19] = [
    "document",
    "file",
    "image",
    "image_url",
    "input_audio",
    "input_image",
    "input_text",
    "output_text",
    "reasoning",
    "redacted_thinking",
    "refusal",
    "step-start",
    "text",
    "thinking",
    "tool-call",
    "tool-result",
    "tool_call",
    "tool_result",
    "tool_use",
];

/// Whether a value has a list of messages, whatever they look like.
pub(crate) fn has_list(value: &Value) -> bool {
    !said(value).is_empty()
}

/// Whether a value is a conversation: the first of its messages and most others have a known role.
pub(crate) fn is_conversation(value: &Value) -> bool {
    let said = said(value);
    let known = said.iter().filter(|message| is_message(message)).count();
    said.first().is_some_and(is_message) && known * 2 > said.len()
}

fn said(value: &Value) -> &[Value] {
    let mut lists = LISTS.iter().map(|key| list(value, key));
    lists.find(|list| !list.is_empty()).unwrap_or(&[])
}

/// Reads one conversation as one trace, with the first question and the last answer. Names the parts that are not read.
pub(crate) fn traces(item: &Item) -> Vec<TraceResult> {
    let value = &item.value;
    let mut all: Vec<RecordedMessage> = said(value).iter().filter_map(message).collect();
    if all.is_empty() {
        return vec![Err(item.place.skipped("no message has a role"))];
    }
    let answer = ANSWERS.iter().find_map(|key| Some((*key, answer(value, key)?)));
    let (used, answer) = answer.unzip();
    // Some logs repeat the answer as the last message.
    let is_new = |answer: &RecordedMessage| all.last() != Some(answer);
    let answer: Vec<RecordedMessage> = answer.into_iter().flatten().filter(is_new).collect();
    all.extend(answer);
    let run = conversation_run(&all);
    let own = label(&value["id"]);
    let trace = Trace {
        query: run.query,
        agent: text(value, "agent"),
        model: text(value, "model").or_else(|| text(&value["response"], "model")),
        result: run.result,
        steps: run.steps,
        metadata: facts([
            ("id", own.clone().into()),
            ("turns", run.turns.into()),
            ("place", item.place.to_string().into()),
            ("said_beside", beside(value, used)),
        ]),
        ..field::empty_trace(field::trace_id("chat", own.as_deref(), value))
    };
    let lost = said(value)
        .iter()
        .flat_map(unread)
        .map(|reason| Err(item.place.skipped(reason)));
    std::iter::once(Ok(trace)).chain(lost).collect()
}

/// The answer under a key: messages in any shape, or text.
fn answer(value: &Value, key: &str) -> Option<Vec<RecordedMessage>> {
    let answer = first(value, &[key])?;
    let found = match key {
        "choices" => messages(&json!({key: answer})),
        _ => messages(answer),
    };
    if !found.is_empty() {
        let is_said = |message: &RecordedMessage| message.role == MessageRole::Assistant;
        return Some(found.into_iter().filter(is_said).collect());
    }
    let only = match answer {
        Value::Array(all) => all.first()?,
        other => other,
    };
    let plain = match only {
        Value::String(_) => readable(only),
        _ => text_of(only, &["text", "content", "output"]),
    };
    Some(vec![RecordedMessage::spoken(&plain?)])
}

/// The parts of a message that are not read.
fn unread(value: &Value) -> Vec<String> {
    if !is_message(value) {
        return vec!["a message without a known role".to_owned()];
    }
    let parts = ["content", "parts"].into_iter().flat_map(|key| list(value, key));
    parts.filter_map(unread_part).collect()
}

fn unread_part(part: &Value) -> Option<String> {
    match part["type"].as_str()? {
        "tool_result" | "tool-result" if first(part, &RESULTS).is_none() => {
            Some("the result of a tool in an unknown form".to_owned())
        }
        kind if PARTS.contains(&kind) => None,
        kind => Some(format!("a part of the type `{kind}` of a message")),
    }
}

/// The other keys of the line, such as a score, which is not used as feedback because its scale is unknown. `used` is
/// the key of the answer.
fn beside(value: &Value, used: Option<&str>) -> Value {
    let mut rest = value.as_object().cloned().unwrap_or_default();
    let is_read = |key: &str| READ.contains(&key) || LISTS.contains(&key) || used == Some(key);
    rest.retain(|key, value| !is_read(key) && !value.is_null());
    if rest.is_empty() {
        Value::Null
    } else {
        Value::Object(rest)
    }
}
