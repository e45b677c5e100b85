//! The native chat format of Ollama.

use serde_json::{Map, Value, json};

use super::openai::{messages, tool};
use super::{HttpRequest, NoReply, json as read_json, max_tokens, model, parameters};
use crate::llm::chat::{Message, Reply, Request, Stop, ToolCall};
use crate::manifest::chat::ChatSettings;

/// Fields of the body that are not options of the model.
const TOP: [&str; 4] = ["keep_alive", "think", "format", "logprobs"];

/// Renders a request.
pub(super) fn render(settings: &ChatSettings, request: &Request) -> HttpRequest {
    let mut body = json!({"model": model(settings, request), "messages": messages(request, message), "stream": false});
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(shape) = request.shape.as_ref().filter(|_| settings.json_schema != Some(false)) {
        body["format"] = shape.schema.clone();
    }
    let mut options = Map::new();
    if let Some(most) = max_tokens(settings, request) {
        options.insert("num_predict".into(), most.into());
    }
    if let Some(seed) = request.seed {
        options.insert("seed".into(), (seed & 0x7fff_ffff).into());
    }
    for (name, value) in parameters(settings, request) {
        match TOP.contains(&name.as_str()) {
            true => body[name] = value,
            false if name == "max_tokens" => {}
            false => {
                options.insert(name, value);
            }
        }
    }
    if !options.is_empty() {
        body["options"] = options.into();
    }
    HttpRequest {
        url: format!("{}/api/chat", settings.url()),
        headers: Vec::new(),
        body,
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::User { text } => json!({"role": "user", "content": text}),
        Message::Assistant { text, calls } => {
            let calls: Vec<Value> = calls.iter().map(call).collect();
            json!({"role": "assistant", "content": text, "tool_calls": calls})
        }
        Message::Tool { name, text, .. } => json!({"role": "tool", "tool_name": name, "content": text}),
    }
}

fn call(call: &ToolCall) -> Value {
    json!({"function": {"name": call.name, "arguments": call.arguments().unwrap_or_default()}})
}

/// Parses a reply. Tool calls have no ids in this format, so their positions are used.
pub(super) fn read(value: &Value) -> Result<Reply, NoReply> {
    read_json::no_error(value)?;
    let message = value.get("message").filter(|message| message.is_object());
    let message = message.ok_or_else(|| NoReply::Garbled("the reply has no message".into()))?;
    let reason = value.get("done_reason").and_then(Value::as_str);
    if value["done"] == false || matches!(reason, Some("load" | "unload")) {
        return Err(NoReply::Garbled("the reply is not finished".to_owned()));
    }
    let mut calls = Vec::new();
    for (at, call) in read_json::list(message.get("tool_calls"), "tool_calls")?
        .iter()
        .enumerate()
    {
        let function = call.get("function").unwrap_or(&Value::Null);
        calls.push(ToolCall {
            id: format!("call_{at}"),
            name: read_json::name(function.get("name")),
            raw: read_json::arguments(function.get("arguments")),
        });
    }
    let stop = match reason {
        Some("length") => Stop::Length,
        _ if !calls.is_empty() => Stop::Tools,
        _ => Stop::End,
    };
    Ok(Reply {
        text: read_json::text(message.get("content"), "content")?,
        thoughts: read_json::thoughts(message),
        calls,
        stop,
        usage: read_json::usage(value, "prompt_eval_count", "eval_count", [None, None]),
        model: value.get("model").and_then(Value::as_str).map(str::to_owned),
    })
}
