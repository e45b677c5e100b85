//! The Messages format of Anthropic.

use serde_json::{Value, json};

use super::{DEFAULT_MAX_TOKENS, HttpRequest, NoReply, json as read_json, max_tokens, model, parameters};
use crate::artifact::spending::Usage;
use crate::llm::chat::{Message, Reply, Request, Stop, ToolCall, ToolSpec};
use crate::manifest::chat::ChatSettings;

/// The format's version.
const VERSION: &str = "2023-06-01";

/// Renders a request.
pub(super) fn render(settings: &ChatSettings, request: &Request) -> HttpRequest {
    let mut body = json!({
        "model": model(settings, request),
        "max_tokens": max_tokens(settings, request).unwrap_or(DEFAULT_MAX_TOKENS),
        "messages": messages(&request.messages),
    });
    if !request.system.is_empty() {
        body["system"] = request.system.as_str().into();
    }
    let mut tools: Vec<Value> = request.tools.iter().map(tool).collect();
    if let Some(shape) = request.shape.as_ref().filter(|_| settings.json_schema != Some(false)) {
        // The format has no JSON Schema for answers; a tool that must be called has the same effect.
        tools.push(json!({
            "name": shape.name, "description": "Gives the answer.", "input_schema": shape.schema
        }));
        body["tool_choice"] = json!({"type": "tool", "name": shape.name});
    }
    if !tools.is_empty() {
        body["tools"] = tools.into();
    }
    for (name, value) in parameters(settings, request) {
        body[name] = value;
    }
    let url = settings.url().trim_end_matches("/v1");
    HttpRequest {
        url: format!("{url}/v1/messages"),
        headers: vec![("anthropic-version", VERSION.to_owned())],
        body,
    }
}

/// Merges consecutive messages of one role, because the format requires alternating roles.
fn messages(messages: &[Message]) -> Vec<Value> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let (role, blocks) = blocks(message);
        match turns.last_mut().filter(|(last, _)| *last == role) {
            Some((_, said)) => said.extend(blocks),
            None => turns.push((role, blocks)),
        }
    }
    turns
        .into_iter()
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect()
}

fn blocks(message: &Message) -> (&'static str, Vec<Value>) {
    // The format rejects empty texts.
    let said = |text: &str| (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}));
    match message {
        Message::User { text } => ("user", vec![said(text).unwrap_or(json!({"type": "text", "text": "."}))]),
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| {
                let input = call.arguments().unwrap_or_default();
                json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
            });
            ("assistant", said(text).into_iter().chain(calls).collect())
        }
        Message::Tool { call_id, text, .. } => (
            "user",
            vec![json!({"type": "tool_result", "tool_use_id": call_id, "content": text})],
        ),
    }
}

fn tool(tool: &ToolSpec) -> Value {
    json!({"name": tool.name, "description": tool.description, "input_schema": tool.parameters})
}

/// Parses a reply. If the request requires a JSON format, the answer arrives as a call of the tool that `render` added.
pub(super) fn read(value: &Value, request: &Request) -> Result<Reply, NoReply> {
    read_json::no_error(value)?;
    let content = value
        .get("content")
        .ok_or_else(|| read_json::missing(value, "the reply has no content"))?;
    let blocks = read_json::list(Some(content), "content")?;
    let (mut text, mut thoughts, mut calls) = (String::new(), String::new(), Vec::new());
    for (at, block) in blocks.iter().enumerate() {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => text += &read_json::text(block.get("text"), "text")?,
            Some("tool_use") => calls.push(read_call(at, block)),
            Some("thinking") => thoughts += &read_json::text(block.get("thinking"), "thinking")?,
            // Unknown block types are not part of the answer.
            _ => {}
        }
    }
    if let Some(shape) = &request.shape
        && let Some(at) = calls.iter().position(|call| call.name == shape.name)
    {
        text = calls.remove(at).raw;
    }
    let stop = match value.get("stop_reason").and_then(Value::as_str) {
        Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
        Some("refusal") => Stop::Refusal,
        _ if !calls.is_empty() => Stop::Tools,
        _ => Stop::End,
    };
    Ok(Reply {
        text,
        thoughts,
        calls,
        stop,
        usage: value.get("usage").and_then(usage),
        model: value.get("model").and_then(Value::as_str).map(str::to_owned),
    })
}

fn read_call(at: usize, block: &Value) -> ToolCall {
    let id = block.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    ToolCall {
        id: id.map_or_else(|| format!("call_{at}"), str::to_owned),
        name: read_json::name(block.get("name")),
        raw: read_json::arguments(block.get("input")),
    }
}

/// The usage in a reply; `None` if it states none. `input_tokens` excludes tokens read from or written to the cache.
fn usage(usage: &Value) -> Option<Usage> {
    let cache = ["cache_read_input_tokens", "cache_creation_input_tokens"].map(|name| usage.get(name));
    read_json::usage(usage, "input_tokens", "output_tokens", cache)
}
