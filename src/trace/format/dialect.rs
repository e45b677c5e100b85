//! The known dialects, and how to recognise the dialect of a value.

use std::iter;

use serde_json::Value;

use super::document::{Item, Items};
use super::field::{list, text};
use super::groups::Room;
use super::location::SkippedPart;
use super::{ImportError, chat, langfuse};

/// A format in which a program writes traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dialect {
    /// Conversations in the format for fine-tuning.
    Chat,
    /// Transcripts of Claude Code.
    ClaudeCode,
    /// Inspect logs.
    Inspect,
    /// InterCode results.
    InterCode,
    /// kaizen's own traces.
    Kaizen,
    /// Langfuse exports.
    Langfuse,
    /// OpenHands event streams.
    OpenHands,
    /// OpenTelemetry spans.
    Otlp,
    /// SWE-agent trajectories.
    SweAgent,
    /// ToolBench answers.
    ToolBench,
}

/// Each dialect, its name in reports, and its description in messages.
const NAMES: [(Dialect, &str, &str); 10] = [
    (Dialect::Chat, "chat", "chat conversations"),
    (Dialect::ClaudeCode, "claude_code", "Claude Code transcripts"),
    (Dialect::Inspect, "inspect", "Inspect logs"),
    (Dialect::InterCode, "intercode", "InterCode results"),
    (Dialect::Kaizen, "kaizen", "kaizen traces"),
    (Dialect::Langfuse, "langfuse", "Langfuse exports"),
    (Dialect::OpenHands, "openhands", "OpenHands events"),
    (Dialect::Otlp, "otlp", "OpenTelemetry spans"),
    (Dialect::SweAgent, "sweagent", "SWE-agent trajectories"),
    (Dialect::ToolBench, "toolbench", "ToolBench answers"),
];

/// Tests whether a value has the shape of a dialect.
type Test = fn(&Value) -> bool;

/// The number of values that are tested before the format of a file counts as unknown.
const LOOKED_AT: usize = 1_000;

impl Dialect {
    /// The name in reports and metadata.
    pub(crate) fn name(self) -> &'static str {
        let row = NAMES.iter().find(|(dialect, _, _)| *dialect == self);
        row.map_or("", |(_, name, _)| name)
    }

    /// The description in messages.
    pub(crate) fn words(self) -> &'static str {
        let row = NAMES.iter().find(|(dialect, _, _)| *dialect == self);
        row.map_or("", |(_, _, words)| words)
    }

    /// The descriptions of all dialects, for messages.
    pub(crate) fn list() -> String {
        let names: Vec<&str> = NAMES.iter().map(|(_, _, words)| *words).collect();
        names.join(", ")
    }

    /// The dialect of a value; `None` if its shape is unknown.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let known: [(Self, Test); 10] = [
            (Self::Otlp, is_otlp),
            (Self::Kaizen, is_own),
            (Self::Langfuse, is_langfuse),
            (Self::Inspect, is_inspect),
            (Self::ToolBench, is_toolbench),
            (Self::SweAgent, is_sweagent),
            (Self::OpenHands, is_openhands),
            (Self::ClaudeCode, is_claude_code),
            (Self::InterCode, is_intercode),
            (Self::Chat, chat::is_conversation),
        ];
        let found = known.iter().find(|(_, is_it)| value.is_object() && is_it(value));
        found.map(|(dialect, _)| *dialect)
    }
}

/// Writes the name.
impl serde::Serialize for Dialect {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Returns the dialect of the first value that has one, with all items from the start. Skips values of other dialects.
///
/// # Errors
/// None of the first values has a known dialect. One may look like a conversation, although no message has a role.
pub(crate) fn recognise(mut items: Items) -> Result<(Dialect, Items), ImportError> {
    let mut before: Vec<Result<Item, SkippedPart>> = Vec::new();
    let (mut room, mut looks_like_chat) = (Room::default(), false);
    while before.len() < LOOKED_AT {
        let Some(item) = items.next() else { break };
        if item.as_ref().is_ok_and(|item| !room.takes(item)) {
            break;
        }
        looks_like_chat |= item.as_ref().is_ok_and(|item| chat::has_list(&item.value));
        let dialect = item.as_ref().ok().and_then(|item| Dialect::of(&item.value));
        before.push(item);
        if let Some(dialect) = dialect {
            let all = before.into_iter().chain(iter::from_fn(move || items.next()));
            return Ok((dialect, Box::new(all.map(move |item| same(dialect, item?)))));
        }
    }
    Err(if looks_like_chat {
        ImportError::NoRole
    } else {
        ImportError::Unknown
    })
}

/// Refuses an item of another known dialect. An item of an unknown dialect passes: the reader of the file's dialect
/// reads or skips it.
fn same(dialect: Dialect, item: Item) -> Result<Item, SkippedPart> {
    match Dialect::of(&item.value) {
        Some(other) if other != dialect => {
            let (other, own) = (other.name(), dialect.name());
            let reason = format!("a value of the dialect {other} in a file of the dialect {own}: import it separately");
            Err(item.place.skipped(reason))
        }
        _ => Ok(item),
    }
}

fn has_objects(value: &Value, key: &str, field: &str) -> bool {
    list(value, key).first().is_some_and(|first| first.get(field).is_some())
}

fn is_own(value: &Value) -> bool {
    value["trace_id"].is_string()
        && (value["query"].is_string() || value["steps"].is_array())
        && value.get("span_id").is_none()
}

fn is_otlp(value: &Value) -> bool {
    let is_span = |context: &str| value[context]["traceId"].is_string() || value[context]["trace_id"].is_string();
    let has = |key: &str| value[key].is_string();
    let is_row = (has("trace_id") && has("span_id")) || (has("traceId") && has("spanId"));
    let envelopes = ["resourceSpans", "resource_spans", "resourceLogs", "resource_logs"];
    envelopes.iter().any(|key| value[*key].is_array())
        || is_span("spanContext")
        || is_span("context")
        || (is_row && value["attributes"].is_object())
}

fn is_langfuse(value: &Value) -> bool {
    let has_observations = value["observations"].is_array();
    let is_trace = text(value, "id").is_some() && value.get("timestamp").is_some();
    let is_row = is_trace && (has_observations || value["bookmarked"].is_boolean());
    is_row || (has_observations && value["trace"].is_object()) || langfuse::trace_of(value).is_some()
}

fn is_inspect(value: &Value) -> bool {
    value["eval"].is_object() && (value["samples"].is_array() || value["status"].is_string())
}

fn is_toolbench(value: &Value) -> bool {
    value["answer_generation"].is_object()
}

fn is_sweagent(value: &Value) -> bool {
    has_objects(value, "trajectory", "action")
        || (has_objects(value, "history", "role") && has_objects(value, "history", "agent"))
}

fn is_openhands(value: &Value) -> bool {
    let acts = value["action"].is_string() || value["observation"].is_string();
    acts && value["source"].is_string()
        && (value["args"].is_object() || value.get("cause").is_some() || value.get("content").is_some())
}

fn is_claude_code(value: &Value) -> bool {
    let is_said = matches!(value["type"].as_str(), Some("user" | "assistant"));
    is_said && value["message"]["role"].is_string() && (value["sessionId"].is_string() || value["uuid"].is_string())
}

fn is_intercode(value: &Value) -> bool {
    let is_result = |value: &Value| value["turn_history"].is_object();
    is_result(value)
        || value
            .as_object()
            .and_then(|all| all.values().next())
            .is_some_and(is_result)
}
