//! Reads the messages that programs write as events of a span, or as log records that name a span.

use serde_json::{Map, Value, json};

use super::super::field::{count, first, list, text, text_of, unwrapped};
use super::attributes::{any, read};

/// The messages in the events of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EventMessages {
    /// The messages that the model or the tool received.
    pub input: Vec<Value>,
    /// The messages that it returned.
    pub output: Vec<Value>,
}

impl EventMessages {
    /// Adds the message of an event with this name, if it has one.
    pub(crate) fn add(&mut self, name: &str, fields: &Value) {
        let Some(kind) = name.strip_prefix("gen_ai.") else {
            return;
        };
        let body = match unwrapped(&fields["gen_ai.event.content"]) {
            Value::Object(body) => Value::Object(body),
            _ => fields.clone(),
        };
        match kind.strip_suffix(".message") {
            Some(role) => self.input.push(message(role, &body)),
            // Further choices are alternatives.
            None if kind == "choice" && count(&body["index"]).unwrap_or(0) == 0 => self.output.push(choice(&body)),
            None => {}
        }
    }

    pub(crate) fn append(&mut self, more: &mut Self) {
        self.input.append(&mut more.input);
        self.output.append(&mut more.output);
    }

    /// The events in a list of objects, each of which has its name in `event.name`.
    pub(crate) fn listed(events: &Value) -> Self {
        let mut all = Self::default();
        for event in unwrapped(events).as_array().into_iter().flatten() {
            all.add(event["event.name"].as_str().unwrap_or_default(), event);
        }
        all
    }
}

/// The name of an event, and its attributes with the fields of its body.
pub(crate) fn event(value: &Value) -> (String, Map<String, Value>) {
    let mut fields: Map<String, Value> = read(&value["attributes"]).into_iter().collect();
    if let Value::Object(body) = body(&value["body"]) {
        fields.extend(body);
    }
    let name = text_of(value, &["name", "eventName", "event_name"]);
    let own = || fields.get("event.name").and_then(Value::as_str).map(str::to_owned);
    (name.or_else(own).unwrap_or_default(), fields)
}

/// The body of a log record: a typed value of OTLP, an object, or JSON text.
fn body(value: &Value) -> Value {
    let typed = Some(unwrapped(&any(value))).filter(Value::is_object);
    typed.unwrap_or_else(|| unwrapped(value))
}

/// The message of an event whose name says who wrote it.
fn message(role: &str, body: &Value) -> Value {
    let mut message = json!({
        "role": text(body, "role").unwrap_or_else(|| role.to_owned()),
        "content": content(first(body, &["content", "message"]).unwrap_or(&Value::Null)),
        "tool_calls": unwrapped(&body["tool_calls"]),
    });
    if let Some(id) = text(body, "id") {
        message["tool_call_id"] = json!(id);
    }
    message
}

/// The message of a choice: in `message`, as an object, as content blocks or as text, otherwise in its own fields.
fn choice(body: &Value) -> Value {
    let said = content(&body["message"]);
    let inner = match unwrapped(&said) {
        Value::Object(inner) if inner.contains_key("content") || inner.contains_key("tool_calls") => {
            Value::Object(inner)
        }
        _ if said.is_null() => body.clone(),
        _ => json!({"content": said, "tool_calls": body["tool_calls"]}),
    };
    message("assistant", &inner)
}

/// The content of a message. Programs write lists of content blocks as JSON text, since attributes hold no objects.
pub(crate) fn content(value: &Value) -> Value {
    match unwrapped(value) {
        Value::Array(blocks) if !blocks.is_empty() && blocks.iter().all(is_block) => Value::Array(blocks),
        _ => value.clone(),
    }
}

/// Whether a value is a content block, by its type or, as Bedrock writes it, by its key.
fn is_block(value: &Value) -> bool {
    let kinds = [
        "text",
        "tool_use",
        "tool_result",
        "tool_call",
        "thinking",
        "image",
        "image_url",
        "input_text",
        "output_text",
    ];
    let keys = ["text", "toolUse", "toolResult", "reasoningContent", "image", "document"];
    match value["type"].as_str() {
        Some(kind) => kinds.contains(&kind),
        None => value
            .as_object()
            .is_some_and(|all| all.keys().all(|key| keys.contains(&key.as_str()))),
    }
}

/// Messages whose contents, or which themselves, are JSON text.
pub(crate) fn decoded(messages: Value) -> Value {
    let Value::Array(all) = unwrapped(&messages) else {
        return messages;
    };
    let each = all.into_iter().map(|message| match unwrapped(&message) {
        Value::Object(mut inner) => {
            if let Some(said) = inner.get_mut("content") {
                *said = content(said);
            }
            Value::Object(inner)
        }
        _ => message,
    });
    each.collect()
}

/// The events of a span.
pub(crate) fn of_span(span: &Value) -> EventMessages {
    let mut all = EventMessages::default();
    for value in list(span, "events") {
        let (name, fields) = event(value);
        all.add(&name, &Value::Object(fields));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::super::message::tests::shape;
    use super::*;

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn the_shapes_of_events() {
        let blocks =
            json!([{"text": "I look."}, {"toolUse": {"toolUseId": "1", "name": "t", "input": {"x": 1}}}]).to_string();
        let result = json!([{"toolResult": {"toolUseId": "1", "content": [{"text": "r"}]}}]).to_string();
        let calls = json!([{"id": "1", "function": {"name": "t", "arguments": "{}"}}]);
        for (name, fields, input, output) in [
            ("gen_ai.user.message", json!({"content": "a"}), "User a||", ""),
            (
                "gen_ai.user.message",
                json!({"content": "[{\"text\": \"a\"}]", "role": "user"}),
                "User a||",
                "",
            ),
            ("gen_ai.user.message", json!({"content": "[1, 2]"}), "User [1, 2]||", ""),
            (
                "gen_ai.user.message",
                json!({"content": "{\"a\": 1}"}),
                "User {\"a\": 1}||",
                "",
            ),
            (
                "gen_ai.system.message",
                json!({"gen_ai.event.content": "{\"content\": \"s\"}"}),
                "System s||",
                "",
            ),
            (
                "gen_ai.assistant.message",
                json!({"tool_calls": calls.to_string()}),
                "Assistant |t{}|",
                "",
            ),
            (
                "gen_ai.tool.message",
                json!({"content": "r", "id": "1"}),
                "Tool ||\"r\"",
                "",
            ),
            (
                "gen_ai.tool.message",
                json!({"content": result, "role": "tool"}),
                "Tool ||\"r\"",
                "",
            ),
            (
                "gen_ai.choice",
                json!({"message": "{\"role\": \"assistant\", \"content\": \"b\"}"}),
                "",
                "Assistant b||",
            ),
            (
                "gen_ai.choice",
                json!({"message": {"content": "b"}, "index": 0}),
                "",
                "Assistant b||",
            ),
            (
                "gen_ai.choice",
                json!({"message": "b", "finish_reason": "stop"}),
                "",
                "Assistant b||",
            ),
            ("gen_ai.choice", json!({"content": "b"}), "", "Assistant b||"),
            (
                "gen_ai.choice",
                json!({"message": blocks}),
                "",
                "Assistant I look.|t{\"x\":1}|",
            ),
            (
                "gen_ai.choice",
                json!({"gen_ai.event.content": "{\"message\": {\"content\": \"b\"}}"}),
                "",
                "Assistant b||",
            ),
            ("gen_ai.choice", json!({"message": "c", "index": 1}), "", ""),
            ("exception", json!({"content": "no"}), "", ""),
        ] {
            let mut all = EventMessages::default();
            all.add(name, &fields);
            let one = |text: &str| Vec::from_iter((!text.is_empty()).then(|| text.to_owned()));
            assert_eq!(
                (shape(&Value::Array(all.input)), shape(&Value::Array(all.output))),
                (one(input), one(output)),
                "{name} {fields}"
            );
        }
    }

    #[test]
    fn an_event_has_its_fields_in_attributes_or_in_its_body() {
        for value in [
            json!({"name": "e", "attributes": [{"key": "content", "value": {"stringValue": "a"}}]}),
            json!({"eventName": "e", "body": {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "a"}}]}}}),
            json!({"attributes": {"event.name": "e"}, "body": {"content": "a"}}),
            json!({"name": "e", "body": {"stringValue": "{\"content\": \"a\"}"}}),
            json!({"name": "e", "body": "{\"content\": \"a\"}"}),
        ] {
            let (name, fields) = event(&value);
            assert_eq!((name.as_str(), &fields["content"]), ("e", &json!("a")), "{value}");
        }
    }
}
