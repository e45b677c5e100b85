//! A request as it may leave the machine: without secrets.

use crate::llm::chat::{Message, Request, ToolCall};
use crate::llm::redact::Redactor;

/// The request with every text redacted, the arguments of the model's own tool calls and the tools' schemas included.
pub(super) fn redacted(request: &Request, redactor: &Redactor) -> Request {
    let text = |text: &str| redactor.text(text).into_owned();
    let call = |call: &ToolCall| ToolCall {
        raw: text(&call.raw),
        ..call.clone()
    };
    let message = |message: &Message| match message {
        Message::User { text: said } => Message::User { text: text(said) },
        Message::Assistant { text: said, calls } => Message::Assistant {
            text: text(said),
            calls: calls.iter().map(call).collect(),
        },
        Message::Tool {
            call_id,
            name,
            text: said,
        } => Message::Tool {
            call_id: call_id.clone(),
            name: name.clone(),
            text: text(said),
        },
    };
    let mut clean = Request {
        system: text(&request.system),
        messages: request.messages.iter().map(message).collect(),
        ..request.clone()
    };
    for tool in &mut clean.tools {
        tool.description = text(&tool.description);
        redactor.value(&mut tool.parameters);
    }
    clean
}
