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
    let choice = choice.ok_or_else(|| read_json::missing(value, "the reply has no choice"))?;
    let reason = choice.get("finish_reason").and_then(Value::as_str);
    no_failure(choice, reason)?;
    let message = choice.get("message").filter(|message| message.is_object());
    let message = message.ok_or_else(|| NoReply::Garbled("the reply's choice has no message".into()))?;
    let calls = calls(message)?;
    let refusal = message.get("refusal").and_then(Value::as_str);
    let stop = match reason {
        Some("length" | "max_tokens" | "MAX_TOKENS" | "model_length" | "model_context_window_exceeded") => Stop::Length,
        Some("content_filter" | "refusal" | "safety" | "SAFETY" | "sensitive" | "PROHIBITED_CONTENT") => Stop::Refusal,
        _ if refusal.is_some() => Stop::Refusal,
        _ if !calls.is_empty() => Stop::Tools,
        _ => Stop::End,
    };
    let text = read_json::text(message.get("content"), "content")?;
    let reply = Reply {
        text: if text.is_empty() {
            refusal.unwrap_or_default().to_owned()
        } else {
            text
        },
        thoughts: read_json::thoughts(message),
        calls,
        stop,
        usage: value
            .get("usage")
            .and_then(usage)
            .or_else(|| value.get("timings").and_then(timed)),
        model: value.get("model").and_then(Value::as_str).map(str::to_owned),
    };
    match reply.is_empty()
        && stop == Stop::End
        && (reason.is_none() || reply.usage.is_some_and(|usage| usage.output == 0))
    {
        true => Err(NoReply::Garbled("the model generated nothing".to_owned())),
        false => Ok(reply),
    }
}

/// Reasons to stop that mean that the server failed: of OpenRouter, GLM, DeepSeek, and vLLM or SGLang.
const FAILED: [&str; 5] = [
    "error",
    "network_error",
    "insufficient_system_resource",
    "abort",
    "cancelled",
];

/// Fails if the choice reports a failure of the server, as a proxy does for the server behind it.
fn no_failure(choice: &Value, reason: Option<&str>) -> Result<(), NoReply> {
    read_json::no_error(choice)?;
    match reason.filter(|reason| FAILED.contains(reason)) {
        Some(reason) => Err(NoReply::Garbled(format!(
            "the server broke off the reply (finish_reason \"{reason}\")"
        ))),
        None => Ok(()),
    }
}

/// The tool calls, or the single call of the older format.
fn calls(message: &Value) -> Result<Vec<ToolCall>, NoReply> {
    let calls = read_json::list(message.get("tool_calls"), "tool_calls")?;
    let older = message
        .get("function_call")
        .filter(|call| calls.is_empty() && call.is_object());
    let older = older.map(|call| json!({"function": call}));
    Ok(calls.iter().chain(&older).enumerate().map(read_call).collect())
}

fn read_call((at, call): (usize, &Value)) -> ToolCall {
    let function = call.get("function").unwrap_or(&Value::Null);
    let id = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    ToolCall {
        id: id.map_or_else(|| format!("call_{at}"), str::to_owned),
        name: read_json::name(function.get("name")),
        raw: read_json::arguments(function.get("arguments")),
    }
}

/// The usage in a reply. `prompt_tokens` includes cached tokens, which servers report in different places.
fn usage(usage: &Value) -> Option<Usage> {
    let details = usage.get("prompt_tokens_details");
    let detail = |name: &str| {
        details
            .and_then(|details| details.get(name))
            .filter(|count| !count.is_null())
    };
    let read = detail("cached_tokens");
    // OpenAI; DeepSeek; Moonshot; LiteLLM, with Anthropic behind it.
    let others = ["prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"];
    let read = read.or_else(|| others.iter().find_map(|name| usage.get(*name)));
    let written = usage
        .get("cache_creation_input_tokens")
        .or_else(|| detail("cache_creation_tokens"));
    let mut usage = read_json::usage(usage, "prompt_tokens", "completion_tokens", [read, written])
        .or_else(|| read_json::usage(usage, "input_tokens", "output_tokens", [read, written]))?;
    usage.input = usage
        .input
        .saturating_sub(usage.cache_read.saturating_add(usage.cache_write));
    Some(usage)
}

/// The counts of llama.cpp, which excludes cached tokens from `prompt_n`.
fn timed(timings: &Value) -> Option<Usage> {
    read_json::usage(timings, "prompt_n", "predicted_n", [timings.get("cache_n"), None])
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
