//! The format of OpenAI's chat completions, which most local servers accept, and the parts that Ollama's format shares.

use serde_json::{Value, json};

use super::{HttpRequest, NoReply, json as read_json, max_tokens, model, parameters};
use crate::artifact::spending::Usage;
use crate::llm::chat::{Message, Reply, Request, Stop, ToolCall, ToolSpec};
use crate::manifest::chat::ChatSettings;

/// Renders a request.
pub(super) fn render(settings: &ChatSettings, request: &Request) -> HttpRequest {
    let mut body = json!({"model": model(settings, request), "messages": messages(request, message)});
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(shape) = request.shape.as_ref().filter(|_| settings.json_schema != Some(false)) {
        body["response_format"] = json!({
            "type": "json_schema", "json_schema": {"name": shape.name, "schema": shape.schema}
        });
    }
    // OpenAI's newer models reject `max_tokens`; other servers know only that name.
    let own = settings.url().contains("api.openai.com");
    let name = if own { "max_completion_tokens" } else { "max_tokens" };
    if let Some(most) = max_tokens(settings, request) {
        body[name] = most.into();
    }
    if let Some(seed) = request.seed {
        // Servers parse the seed as a signed 32-bit or 64-bit number.
        body["seed"] = (seed & 0x7fff_ffff).into();
    }
    for (name, value) in parameters(settings, request) {
        body[name] = value;
    }
    let url = settings.url();
    let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    let version = if has_path { "" } else { "/v1" };
    HttpRequest {
        url: format!("{url}{version}/chat/completions"),
        headers: Vec::new(),
        body,
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::User { text } => json!({"role": "user", "content": text}),
        Message::Assistant { text, calls } if calls.is_empty() => json!({"role": "assistant", "content": text}),
        Message::Assistant { text, calls } => json!({
            "role": "assistant", "content": text, "tool_calls": calls.iter().map(call).collect::<Vec<_>>()
        }),
        Message::Tool { call_id, text, .. } => json!({"role": "tool", "tool_call_id": call_id, "content": text}),
    }
}

fn call(call: &ToolCall) -> Value {
    // Servers parse the arguments of earlier calls, so invalid ones are sent back as an empty object.
    let arguments = if call.arguments().is_ok() && !call.raw.trim().is_empty() {
        &call.raw
    } else {
        "{}"
    };
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

/// Parses a reply.
pub(super) fn read(value: &Value) -> Result<Reply, NoReply> {
    read_json::no_error(value)?;
    let choice = read_json::list(value.get("choices"), "choices")?.first();
    let choice = choice.ok_or_else(|| NoReply("the reply has no choice".into()))?;
    let message = choice.get("message").filter(|message| message.is_object());
    let message = message.ok_or_else(|| NoReply("the reply's choice has no message".into()))?;
    let calls = read_json::list(message.get("tool_calls"), "tool_calls")?;
    let calls: Vec<ToolCall> = calls.iter().enumerate().map(read_call).collect::<Result<_, _>>()?;
    let refusal = message.get("refusal").and_then(Value::as_str);
    let stop = match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => Stop::Length,
        Some("content_filter") => Stop::Refusal,
        _ if refusal.is_some() => Stop::Refusal,
        _ if !calls.is_empty() => Stop::Tools,
        _ => Stop::End,
    };
    let text = read_json::text(message.get("content"), "content")?;
    Ok(Reply {
        text: if text.is_empty() {
            refusal.unwrap_or_default().to_owned()
        } else {
            text
        },
        calls,
        stop,
        usage: value.get("usage").and_then(usage),
        model: value.get("model").and_then(Value::as_str).map(str::to_owned),
    })
}

fn read_call((at, call): (usize, &Value)) -> Result<ToolCall, NoReply> {
    let function = call.get("function").unwrap_or(&Value::Null);
    let id = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    Ok(ToolCall {
        id: id.map_or_else(|| format!("call_{at}"), str::to_owned),
        name: read_json::name(function.get("name"))?,
        raw: read_json::arguments(function.get("arguments")),
    })
}

/// The usage in a reply. `prompt_tokens` includes cached tokens.
fn usage(usage: &Value) -> Option<Usage> {
    let cached = usage
        .get("prompt_tokens_details")
        .and_then(|details| details.get("cached_tokens"));
    let mut usage = read_json::usage(usage, "prompt_tokens", "completion_tokens", [cached, None])?;
    usage.input = usage.input.saturating_sub(usage.cache_read);
    Some(usage)
}

/// The conversation, with the system prompt as its first message.
pub(super) fn messages(request: &Request, message: fn(&Message) -> Value) -> Vec<Value> {
    let system = Some(&request.system).filter(|system| !system.is_empty());
    let system = system.map(|system| json!({"role": "system", "content": system}));
    system.into_iter().chain(request.messages.iter().map(message)).collect()
}

/// Renders a tool as a function.
pub(super) fn tool(tool: &ToolSpec) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.description, "parameters": tool.parameters
    }})
}
