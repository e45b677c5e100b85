//! What chat completions and Ollama's format write alike.

use serde_json::{Value, json};

use crate::llm::chat::{Message, Request, ToolSpec};

/// The conversation, with what stands above it as its first message.
pub(super) fn messages(request: &Request, message: fn(&Message) -> Value) -> Vec<Value> {
    let system = Some(&request.system).filter(|system| !system.is_empty());
    let system = system.map(|system| json!({"role": "system", "content": system}));
    system.into_iter().chain(request.messages.iter().map(message)).collect()
}

/// A tool as a function that may be called.
pub(super) fn tool(tool: &ToolSpec) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.description, "parameters": tool.parameters
    }})
}
