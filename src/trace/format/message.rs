//! Reads messages to and from a model, in the shapes that different programs write.

use serde_json::Value;

use super::field::{first, label, list, text, text_of, unwrapped};

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageRole {
    /// Instructions to the model.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// A tool that returns its result.
    Tool,
}

/// A tool call by the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordedCall {
    /// The id that its result refers to.
    pub id: Option<String>,
    /// The tool's name.
    pub tool: String,
    pub arguments: Value,
}

/// The result of a tool call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordedResult {
    /// The id of the call.
    pub id: Option<String>,
    pub content: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordedMessage {
    pub role: MessageRole,
    /// The text, without images and reasoning.
    pub text: String,
    /// The tool calls in the message.
    pub calls: Vec<RecordedCall>,
    /// The results of tool calls in the message.
    pub answers: Vec<RecordedResult>,
    /// The time of the message, if the source has one.
    pub at: Option<f64>,
}

impl RecordedMessage {
    fn new(role: MessageRole) -> Self {
        Self {
            role,
            text: String::new(),
            calls: Vec::new(),
            answers: Vec::new(),
            at: None,
        }
    }

    /// A message of the model that consists of text.
    pub(crate) fn spoken(text: &str) -> Self {
        let mut message = Self::new(MessageRole::Assistant);
        message.say(text);
        message
    }

    fn say(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }
}

/// The messages in a value; empty if its shape is unknown.
pub(crate) fn messages(value: &Value) -> Vec<RecordedMessage> {
    match unwrapped(value) {
        Value::Array(values) => values.iter().flat_map(one_or_more).collect(),
        value @ Value::Object(_) => one_or_more(&value),
        _ => Vec::new(),
    }
}

/// Keys whose value may be a list of messages.
const LISTS: [&str; 5] = ["messages", "conversations", "choices", "candidates", "output"];
/// Of these keys, those whose values are alternatives, of which the first one counts.
const ALTERNATIVES: [&str; 2] = ["choices", "candidates"];
/// Keys whose value may be a question in plain text.
const QUESTIONS: [&str; 5] = ["prompt", "contents", "query", "question", "input"];

fn one_or_more(value: &Value) -> Vec<RecordedMessage> {
    if let Some(message) = message(value) {
        return vec![message];
    }
    for key in LISTS.iter().chain(&QUESTIONS) {
        match &value[key] {
            Value::Array(values) if ALTERNATIVES.contains(key) => {
                return values.iter().find_map(message).into_iter().collect();
            }
            Value::Array(values) => return values.iter().filter_map(message).collect(),
            Value::String(question) if QUESTIONS.contains(key) && !question.is_empty() => {
                let mut asked = RecordedMessage::new(MessageRole::User);
                asked.say(question);
                return vec![asked];
            }
            _ => {}
        }
    }
    Vec::new()
}

/// Reads one message; `None` if the value is not a message.
pub(crate) fn message(value: &Value) -> Option<RecordedMessage> {
    let inner = first(value, &["message", "content"]).filter(|inner| inner["role"].is_string());
    let value = inner.unwrap_or(value);
    match value["type"].as_str() {
        Some("function_call") => return Some(called(value)),
        Some("function_call_output") => return Some(answered(value)),
        _ => {}
    }
    let mut message = RecordedMessage::new(role(&text_of(value, &["role", "from"])?)?);
    let said = first(value, &["content", "contents", "parts", "value"]);
    let listed = said.and_then(calls_in_text);
    match said {
        _ if listed.is_some() => message.calls = listed.unwrap_or_default(),
        Some(content) if message.role == MessageRole::Tool && !is_blocks(content) => {
            message.answers.push(RecordedResult {
                id: text(value, "tool_call_id").or_else(|| label(&value["tool_call_ids"][0])),
                content: content.clone(),
            })
        }
        Some(content) => blocks(&mut message, content),
        None => {}
    }
    message.calls.extend(list(value, "tool_calls").iter().filter_map(call));
    message.calls.extend(call(&value["function_call"]));
    if !message.calls.is_empty() {
        message.role = MessageRole::Assistant;
    }
    Some(message)
}

/// Whether a value is a message with a known role, or a call or a result of the Responses API.
pub(crate) fn is_message(value: &Value) -> bool {
    let named = text_of(value, &["role", "from"]).or_else(|| text(&value["message"], "role"));
    let items = ["function_call", "function_call_output", "reasoning"];
    named.is_some_and(|name| role(&name).is_some()) || value["type"].as_str().is_some_and(|kind| items.contains(&kind))
}

fn role(name: &str) -> Option<MessageRole> {
    match name {
        "system" | "developer" => Some(MessageRole::System),
        "user" | "human" => Some(MessageRole::User),
        "assistant" | "model" | "gpt" | "ai" => Some(MessageRole::Assistant),
        "tool" | "function" => Some(MessageRole::Tool),
        _ => None,
    }
}

/// A tool call of the Responses API, which is a separate item rather than part of a message.
fn called(value: &Value) -> RecordedMessage {
    let mut message = RecordedMessage::new(MessageRole::Assistant);
    message.calls.extend(call(value));
    message
}

fn answered(value: &Value) -> RecordedMessage {
    let mut message = RecordedMessage::new(MessageRole::Tool);
    message.answers.push(RecordedResult {
        id: text(value, "call_id"),
        content: value["output"].clone(),
    });
    message
}

/// Reads a tool call in any of its shapes.
fn call(value: &Value) -> Option<RecordedCall> {
    let value = first(value, &["tool_call", "functionCall"]).unwrap_or(value);
    let named = first(value, &["function"])
        .filter(|inner| inner.is_object())
        .unwrap_or(value);
    Some(RecordedCall {
        id: text_of(value, &["id", "call_id", "toolCallId", "tool_call_id", "toolUseId"]),
        tool: text_of(named, &["name", "toolName", "function"])?,
        arguments: first(named, &["arguments", "args", "input"]).map_or(Value::Null, unwrapped),
    })
}

/// Reads tool calls from the text of a message, where some programs write them.
fn calls_in_text(content: &Value) -> Option<Vec<RecordedCall>> {
    content.as_str().filter(|text| text.starts_with("[{"))?;
    let Value::Array(values) = unwrapped(content) else {
        return None;
    };
    let is_call = |value: &Value| value["function"]["name"].is_string();
    values
        .iter()
        .all(is_call)
        .then(|| values.iter().filter_map(call).collect())
}

/// Whether a content is a list of blocks with at least one tool result.
fn is_blocks(content: &Value) -> bool {
    let is_it = |block: &Value| block["type"].as_str().is_some_and(is_result) || block["toolResult"].is_object();
    content.as_array().is_some_and(|blocks| blocks.iter().any(is_it))
}

fn is_result(kind: &str) -> bool {
    matches!(kind, "tool_result" | "tool-result" | "tool_call_response")
}

fn blocks(message: &mut RecordedMessage, content: &Value) {
    match content {
        Value::String(text) => message.say(text),
        Value::Array(blocks) => blocks.iter().for_each(|one| block(message, one)),
        Value::Object(_) => block(message, content),
        _ => {}
    }
}

fn block(message: &mut RecordedMessage, block: &Value) {
    let block = first(block, &["message_content"]).unwrap_or(block);
    match block["type"].as_str() {
        Some("thinking" | "reasoning" | "redacted_thinking") => {}
        Some("tool_use" | "tool-call" | "tool_call") => message.calls.extend(call(block)),
        Some(kind) if is_result(kind) => message.answers.push(RecordedResult {
            id: text_of(block, &["tool_use_id", "toolCallId", "id"]),
            content: result_of(block),
        }),
        // The content blocks of Bedrock.
        _ if block["toolUse"].is_object() => message.calls.extend(call(&block["toolUse"])),
        _ if block["toolResult"].is_object() => message.answers.push(RecordedResult {
            id: text(&block["toolResult"], "toolUseId"),
            content: result_of(&block["toolResult"]),
        }),
        _ if block["functionCall"].is_object() => message.calls.extend(call(block)),
        _ if block["functionResponse"].is_object() => message.answers.push(RecordedResult {
            id: None,
            content: block["functionResponse"]["response"].clone(),
        }),
        _ => message.say(
            block
                .as_str()
                .or(first(block, &["text", "content"]).and_then(Value::as_str))
                .unwrap_or_default(),
        ),
    }
}

/// Keys that hold what a tool returned.
pub(crate) const RESULTS: [&str; 4] = ["content", "result", "response", "output"];

/// The result of a tool, as text if it consists of text blocks only.
fn result_of(block: &Value) -> Value {
    let said = first(block, &RESULTS).cloned().unwrap_or_default();
    let texts: Option<Vec<&str>> = said
        .as_array()
        .and_then(|blocks| blocks.iter().map(|block| block["text"].as_str()).collect());
    match texts {
        Some(texts) if !texts.is_empty() => Value::String(texts.join("\n")),
        _ => said,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// The messages in a value, as `role text|calls|results`.
    pub(in super::super) fn shape(value: &Value) -> Vec<String> {
        let of = |message: RecordedMessage| {
            let calls: Vec<String> = message
                .calls
                .iter()
                .map(|call| format!("{}{}", call.tool, call.arguments))
                .collect();
            let answers: Vec<String> = message
                .answers
                .iter()
                .map(|answer| answer.content.to_string())
                .collect();
            format!(
                "{:?} {}|{}|{}",
                message.role,
                message.text,
                calls.join(","),
                answers.join(",")
            )
        };
        messages(value).into_iter().map(of).collect()
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn the_shapes_of_messages() {
        for (value, wanted) in [
            (json!([{"role": "user", "content": "a"}]), vec!["User a||"]),
            (json!("[{\"role\": \"user\", \"content\": \"a\"}]"), vec!["User a||"]),
            (
                json!({"messages": [{"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]}),
                vec!["System a||"],
            ),
            (
                json!([{"role": "assistant", "content": null, "tool_calls": [{"id": "1", "function": {"name": "t", "arguments": "{\"x\":1}"}}]}]),
                vec![r#"Assistant |t{"x":1}|"#],
            ),
            (
                json!([{"role": "assistant", "function_call": {"name": "t", "arguments": "no json"}}]),
                vec![r#"Assistant |t"no json"|"#],
            ),
            (
                json!([{"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": "t", "arguments": {"x": 1}}]}]),
                vec![r#"Assistant |t{"x":1}|"#],
            ),
            (
                json!([{"role": "tool", "tool_call_id": "1", "content": "r"}]),
                vec![r#"Tool ||"r""#],
            ),
            (
                json!([{"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "id": "1", "name": "t", "input": {}}]}]),
                vec!["Assistant |t{}|"],
            ),
            (
                json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "r"}]}]}]),
                vec![r#"User ||"r""#],
            ),
            (
                json!([{"role": "assistant", "parts": [{"type": "text", "content": "a"}, {"type": "tool_call", "name": "t", "arguments": {"x": 1}}]}]),
                vec![r#"Assistant a|t{"x":1}|"#],
            ),
            (
                json!([{"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "r"}]}]),
                vec![r#"Tool ||"r""#],
            ),
            (
                json!([{"message": {"role": "assistant", "tool_calls": [{"tool_call": {"function": {"name": "t", "arguments": "{}"}}}]}}]),
                vec!["Assistant |t{}|"],
            ),
            (
                json!([{"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "1", "toolName": "t", "args": {}}]}]),
                vec!["Assistant |t{}|"],
            ),
            (
                json!([{"type": "function_call", "call_id": "1", "name": "t", "arguments": "{}"}]),
                vec!["Assistant |t{}|"],
            ),
            (
                json!([{"type": "function_call_output", "call_id": "1", "output": "r"}]),
                vec![r#"Tool ||"r""#],
            ),
            (
                json!({"choices": [{"message": {"role": "assistant", "content": "a"}}, {"message": {"role": "assistant", "content": "b"}}]}),
                vec!["Assistant a||"],
            ),
            (
                json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}]}}]}),
                vec!["Assistant a||"],
            ),
            (json!({"contents": "a"}), vec!["User a||"]),
            (json!({"prompt": "a", "system": "s"}), vec!["User a||"]),
            (
                json!([{"role": "assistant", "content": "[{\"function\":{\"name\":\"t\",\"arguments\":\"{}\"}}]"}]),
                vec!["Assistant |t{}|"],
            ),
            (
                json!([{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]),
                vec!["User a||", "Assistant b||"],
            ),
            (json!({"city": "Berlin"}), vec![]),
            (json!("plain"), vec![]),
            (json!([1, null, {"role": 3}, {"role": "ghost"}]), vec![]),
        ] {
            assert_eq!(shape(&value), wanted, "{value}");
        }
    }
}
