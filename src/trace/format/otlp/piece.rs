//! Turns spans into pieces of work, for each convention of attributes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::field::{count, facts};
use super::super::run::{Piece, PieceKind};
use super::attributes::numbered;
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
        agent: span.text(&["gen_ai.agent.name", "agent.name"]),
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
    match kind.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("llm" | "chat" | "completion" | "text_completion" | "generate_content") => PieceKind::Generate,
        Some("tool" | "execute_tool") => tool(),
        Some("retriever" | "embedding" | "embeddings" | "reranker" | "rerank") => PieceKind::Retrieve,
        Some(_) => PieceKind::Frame,
        None => {
            by_operation(span, is_parent).unwrap_or_else(|| if named().is_some() { tool() } else { PieceKind::Frame })
        }
    }
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

fn input(span: &Span) -> Value {
    let messages = said(
        span,
        &[
            "gen_ai.input.messages",
            "gen_ai.prompt",
            "ai.prompt.messages",
            "ai.prompt",
        ],
        &["llm.input_messages.", "gen_ai.prompt."],
    );
    let plain = || {
        let names = [
            "gen_ai.tool.call.arguments",
            "ai.toolCall.args",
            "ai.value",
            "ai.values",
            "traceloop.entity.input",
            "input.value",
        ];
        said(span, &names, &["embedding.embeddings."])
    };
    messages.or_else(plain).unwrap_or_default()
}

fn output(span: &Span) -> Value {
    let messages = said(
        span,
        &["gen_ai.output.messages", "gen_ai.completion"],
        &["llm.output_messages.", "gen_ai.completion."],
    );
    let plain = || {
        let names = [
            "ai.response.object",
            "gen_ai.tool.call.result",
            "ai.toolCall.result",
            "traceloop.entity.output",
            "output.value",
        ];
        said(span, &names, &["retrieval.documents."])
    };
    messages.or_else(|| response(span)).or_else(plain).unwrap_or_default()
}

/// The model's response in a span of the AI SDK, as a message.
fn response(span: &Span) -> Option<Value> {
    let text = span.text(&["ai.response.text"]);
    let calls = span
        .text(&["ai.response.toolCalls"])
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
