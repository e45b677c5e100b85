//! Turns spans into pieces of work, for each convention of attributes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::field::{count, facts};
use super::super::run::{Piece, PieceKind};
use super::attributes::numbered;
use super::events::{EventMessages, decoded};
use super::span::Span;

/// The pieces of a trace.
pub(crate) fn pieces(spans: &[Span]) -> Vec<Piece> {
    let parents: BTreeSet<&str> = spans.iter().filter_map(|span| span.parent.as_deref()).collect();
    spans
        .iter()
        .map(|span| piece(span, parents.contains(span.span_id.as_str())))
        .collect()
}

fn piece(span: &Span, is_parent: bool) -> Piece {
    Piece {
        id: span.span_id.clone(),
        parent: span.parent.clone(),
        work: work(span, is_parent),
        start: span.start,
        end: span.end,
        input: input(span),
        output: output(span),
        agent: span.text(&["gen_ai.agent.name", "agent.name", "agent_name"]),
        model: span.text(&[
            "gen_ai.response.model",
            "ai.response.model",
            "gen_ai.request.model",
            "llm.model_name",
            "ai.model.id",
            "embedding.model_name",
        ]),
        engine: span.text(&[
            "gen_ai.provider.name",
            "gen_ai.system",
            "llm.provider",
            "llm.system",
            "ai.model.provider",
        ]),
        tokens: tokens(span),
        error: span.error.clone(),
    }
}

fn work(span: &Span, is_parent: bool) -> PieceKind {
    let kind = span.text(&[
        "openinference.span.kind",
        "gen_ai.operation.name",
        "traceloop.span.kind",
        "llm.request.type",
        "langfuse.observation.type",
        "mlflow.spanType",
    ]);
    let named = || {
        span.text(&[
            "gen_ai.tool.name",
            "tool.name",
            "ai.toolCall.name",
            "traceloop.entity.name",
        ])
    };
    let tool = || PieceKind::Tool(named().unwrap_or_else(|| span.name.clone()), call_id(span));
    // MLflow writes each attribute as JSON text.
    let kind = kind.map(|kind| kind.trim_matches('"').to_ascii_lowercase());
    match kind.as_deref() {
        Some("llm" | "chat" | "completion" | "text_completion" | "generate_content" | "generation" | "chat_model") => {
            PieceKind::Generate
        }
        Some("tool" | "execute_tool") => tool(),
        Some("retriever" | "embedding" | "embeddings" | "reranker" | "rerank") => PieceKind::Retrieve,
        Some(_) => PieceKind::Frame,
        None if named().is_none() && is_call(span, is_parent) => PieceKind::Generate,
        None => {
            by_operation(span, is_parent).unwrap_or_else(|| if named().is_some() { tool() } else { PieceKind::Frame })
        }
    }
}

/// Whether a span that does not state its kind is a call of a model: it has the request or the messages of one.
fn is_call(span: &Span, is_parent: bool) -> bool {
    let has_request = ["request_data", "gcp.vertex.agent.llm_request"]
        .iter()
        .any(|name| !span.attribute(name).is_null());
    has_request || (!is_parent && !span.heard.output.is_empty())
}

/// The work of an AI SDK span. The SDK writes an outer span for a function, and an inner span for each model call; the
/// outer span counts as a model call only if it has no inner spans.
fn by_operation(span: &Span, is_parent: bool) -> Option<PieceKind> {
    let operation = span.text(&["ai.operationId"])?;
    Some(match operation.trim_start_matches("ai.") {
        "toolCall" => return None,
        _ if is_parent => PieceKind::Frame,
        operation if operation.starts_with("embed") => PieceKind::Retrieve,
        _ => PieceKind::Generate,
    })
}

fn call_id(span: &Span) -> Option<String> {
    span.text(&["gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id"])
}

/// The first of the named attributes that is present, otherwise the first list of numbered attributes.
fn said(span: &Span, names: &[&str], lists: &[&str]) -> Option<Value> {
    let whole = names
        .iter()
        .map(|name| span.attribute(name))
        .find(|value| !value.is_null())
        .cloned();
    whole.or_else(|| lists.iter().find_map(|prefix| numbered(&span.attributes, prefix)))
}

/// The messages that were heard, if any. What a tool received or returned is the content of the last one.
fn in_events(span: &Span, heard: Vec<Value>) -> Option<Value> {
    let is_tool = matches!(work(span, false), PieceKind::Tool(..));
    let content = &heard.last()?["content"];
    Some(match is_tool && !content.is_null() {
        true => content.clone(),
        false => Value::Array(heard),
    })
}

/// The messages of the events of a span. Pydantic AI writes them as one attribute.
fn heard(span: &Span) -> EventMessages {
    let mut all = span.heard.clone();
    for name in ["events", "all_messages_events"] {
        all.append(&mut EventMessages::listed(span.attribute(name)));
    }
    all
}

fn input(span: &Span) -> Value {
    let messages = said(
        span,
        &[
            "gen_ai.input.messages",
            "gen_ai.prompt",
            "ai.prompt.messages",
            "ai.prompt",
            "pydantic_ai.all_messages",
            "request_data",
            "gcp.vertex.agent.llm_request",
        ],
        &["llm.input_messages.", "gen_ai.prompt."],
    );
    let plain = || {
        let names = [
            "gen_ai.tool.call.arguments",
            "tool_arguments",
            "ai.toolCall.args",
            "ai.toolCall.input",
            "ai.value",
            "ai.values",
            "gcp.vertex.agent.tool_call_args",
            "traceloop.entity.input",
            "input.value",
            "langfuse.observation.input",
            "mlflow.spanInputs",
        ];
        said(span, &names, &["embedding.embeddings."])
    };
    messages
        .map(decoded)
        .or_else(|| in_events(span, heard(span).input))
        .or_else(plain)
        .unwrap_or_default()
}

fn output(span: &Span) -> Value {
    let messages = said(
        span,
        &[
            "gen_ai.output.messages",
            "gen_ai.completion",
            "response_data",
            "gcp.vertex.agent.llm_response",
        ],
        &["llm.output_messages.", "gen_ai.completion."],
    );
    let plain = || {
        let names = [
            "final_result",
            "ai.response.object",
            "ai.result.object",
            "gen_ai.tool.call.result",
            "tool_response",
            "ai.toolCall.result",
            "ai.toolCall.output",
            "gcp.vertex.agent.tool_response",
            "traceloop.entity.output",
            "output.value",
            "langfuse.observation.output",
            "mlflow.spanOutputs",
            "pydantic_ai.all_messages",
        ];
        said(span, &names, &["retrieval.documents."])
    };
    messages
        .map(decoded)
        .or_else(|| in_events(span, heard(span).output))
        .or_else(|| response(span))
        .or_else(plain)
        .unwrap_or_default()
}

/// The model's response in a span of the AI SDK, as a message.
fn response(span: &Span) -> Option<Value> {
    let text = span.text(&["ai.response.text", "ai.result.text"]);
    let calls = span
        .text(&["ai.response.toolCalls", "ai.result.toolCalls"])
        .and_then(|calls| serde_json::from_str::<Value>(&calls).ok());
    if text.is_none() && calls.is_none() {
        return None;
    }
    let calls = calls.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    let call = |call: Value| json!({"id": call["toolCallId"], "name": call["toolName"], "arguments": call.get("args").or(call.get("input"))});
    let calls: Vec<Value> = calls.into_iter().map(call).collect();
    Some(json!([facts([
        ("role", "assistant".into()),
        ("content", text.into()),
        ("tool_calls", calls.into())
    ])]))
}

fn tokens(span: &Span) -> Option<u64> {
    let number = |names: &[&str]| names.iter().find_map(|name| count(span.attribute(name)));
    let total = number(&[
        "llm.token_count.total",
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "ai.usage.totalTokens",
    ]);
    total.or_else(|| {
        let read = number(&[
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "ai.usage.promptTokens",
        ]);
        let said = number(&[
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "ai.usage.completionTokens",
        ]);
        Some(read?.saturating_add(said?))
    })
}
