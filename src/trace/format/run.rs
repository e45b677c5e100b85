//! Builds one trace from a run: pieces of work, each with a time and a parent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::conversation::{answered, asked, last};
use super::field::{empty_step, facts, lasted, unwrapped};
use super::message::{RecordedCall, messages};
use crate::artifact::trace::{Trace, TraceStep};

/// The kind of a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// A model answers.
    Generate,
    /// A tool runs: its name, and the id of the call.
    Tool(String, Option<String>),
    /// Documents are retrieved or embedded.
    Retrieve,
    /// A container of other pieces.
    Frame,
}

#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub id: String,
    pub parent: Option<String>,
    pub work: PieceKind,
    pub start: Option<f64>,
    pub end: Option<f64>,
    pub input: Value,
    pub output: Value,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub engine: Option<String>,
    pub tokens: Option<u64>,
    pub error: Option<String>,
}

/// Fills a trace from its pieces. Keeps the query, result, agent, start and latency that the trace already has.
pub(crate) fn fill(mut trace: Trace, mut pieces: Vec<Piece>) -> Trace {
    let early = |piece: &Piece| piece.start.unwrap_or(f64::INFINITY);
    pieces.sort_by(|a, b| early(a).total_cmp(&early(b)));
    let root = root(&pieces);
    let generated = || pieces.iter().filter(|piece| piece.work == PieceKind::Generate);
    if trace.query.is_empty() {
        let of_root = root
            .filter(|root| root.work == PieceKind::Frame)
            .and_then(|root| asked(&root.input));
        trace.query = of_root
            .or_else(|| generated().find_map(|piece| asked(&piece.input)))
            .unwrap_or_default();
    }
    let of_root = || {
        root.filter(|root| root.work == PieceKind::Frame)
            .and_then(|root| answered(&root.output))
    };
    let said = || generated().rev().find_map(|piece| answered(&piece.output));
    trace.result = trace.result.or_else(of_root).or_else(said);
    trace.agent = trace
        .agent
        .or_else(|| pieces.iter().find_map(|piece| piece.agent.clone()));
    trace.model = generated().chain(&pieces).find_map(|piece| piece.model.clone());
    trace.engine = generated().chain(&pieces).find_map(|piece| piece.engine.clone());
    trace.total_tokens = generated().filter_map(|piece| piece.tokens).reduce(u64::saturating_add);
    trace.started_at = trace.started_at.or(pieces.first().and_then(|piece| piece.start));
    trace.ended_at = pieces.iter().filter_map(|piece| piece.end).reduce(f64::max);
    let seconds = || root.and_then(seconds);
    trace.total_latency_seconds = trace.total_latency_seconds.or_else(seconds);
    if let Some(error) = root.and_then(|root| root.error.clone()) {
        trace.outcome = Some("failure".to_owned());
        trace.metadata["error"] = json!(error);
    }
    trace.steps = steps(&pieces);
    trace
}

/// The earliest piece without a parent, otherwise the earliest piece whose parent is not in the file.
fn root(pieces: &[Piece]) -> Option<&Piece> {
    let ids: BTreeSet<&str> = pieces.iter().map(|piece| piece.id.as_str()).collect();
    let is_root = |piece: &&Piece| piece.parent.as_deref().is_none_or(|parent| !ids.contains(parent));
    let named = pieces.iter().find(|piece| piece.parent.is_none());
    named.or_else(|| pieces.iter().find(is_root))
}

fn seconds(piece: &Piece) -> Option<f64> {
    lasted(piece.start, piece.end)
}

fn steps(pieces: &[Piece]) -> Vec<TraceStep> {
    let heard = ToolMentions::of(pieces);
    let is_last_word = |piece: &Piece| piece.work == PieceKind::Generate && answered(&piece.output).is_some();
    let last_word = pieces.iter().rposition(is_last_word);
    let mut steps = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let done = match &piece.work {
            PieceKind::Frame => continue,
            PieceKind::Generate if Some(at) == last_word => generate(piece, "respond"),
            PieceKind::Generate => generate(piece, "generate"),
            PieceKind::Retrieve => empty_step("retrieve", piece.input.clone(), output(piece, piece.output.clone())),
            PieceKind::Tool(tool, id) => ran(piece, tool, id.as_deref(), &heard),
        };
        steps.push(TraceStep {
            duration_seconds: seconds(piece),
            ..done
        });
        if piece.work == PieceKind::Generate {
            steps.extend(unseen(piece, &heard));
        }
    }
    steps
}

/// The tool calls and results that the messages of a run mention: the calls are in the model's output, the results in
/// its later input.
#[derive(Default)]
struct ToolMentions {
    arguments: BTreeMap<String, Value>,
    results: BTreeMap<String, Value>,
    /// The ids of calls that have a separate piece.
    ran: BTreeSet<String>,
    /// The tools that have a piece.
    tools: BTreeSet<String>,
    /// The tools that have a piece without a call id.
    nameless: BTreeSet<String>,
}

impl ToolMentions {
    fn of(pieces: &[Piece]) -> Self {
        let mut heard = Self::default();
        for piece in pieces {
            match &piece.work {
                PieceKind::Tool(tool, id) => {
                    heard.tools.insert(tool.clone());
                    match id {
                        Some(id) => heard.ran.insert(id.clone()),
                        None => heard.nameless.insert(tool.clone()),
                    };
                }
                PieceKind::Generate => heard.hear(piece),
                _ => {}
            }
        }
        heard
    }

    fn hear(&mut self, piece: &Piece) {
        for call in messages(&piece.output).into_iter().flat_map(|message| message.calls) {
            let Some(id) = call.id else { continue };
            self.arguments.entry(id).or_insert(call.arguments);
        }
        for answer in messages(&piece.input).into_iter().flat_map(|message| message.answers) {
            let Some(id) = answer.id else { continue };
            self.results.entry(id).or_insert(answer.content);
        }
    }

    /// Whether a tool call has a separate piece.
    fn saw(&self, call: &RecordedCall) -> bool {
        match &call.id {
            Some(id) => self.ran.contains(id) || self.nameless.contains(&call.tool),
            None => self.tools.contains(&call.tool),
        }
    }
}

/// The output of a piece with its error, if any.
fn output(piece: &Piece, content: Value) -> Value {
    facts([("content", content), ("error", piece.error.clone().into())])
}

fn generate(piece: &Piece, kind: &str) -> TraceStep {
    let input = facts([("content", last(&piece.input)), ("model", piece.model.clone().into())]);
    empty_step(kind, input, output(piece, answer_of(&piece.output)))
}

/// The model's answer, as text. Its tool calls are separate steps.
fn answer_of(value: &Value) -> Value {
    let said = messages(value);
    let texts: Vec<&str> = said
        .iter()
        .map(|message| message.text.as_str())
        .filter(|text| !text.is_empty())
        .collect();
    match (said.is_empty(), texts.is_empty()) {
        (true, _) => unwrapped(value),
        (false, true) => Value::Null,
        (false, false) => Value::String(texts.join("\n")),
    }
}

/// The step of a tool's piece. If the piece has no arguments or result, they come from the messages.
fn ran(piece: &Piece, tool: &str, id: Option<&str>, heard: &ToolMentions) -> TraceStep {
    let own = |value: &Value| Some(unwrapped(value)).filter(|value| !value.is_null());
    let other = |all: &BTreeMap<String, Value>| id.and_then(|id| all.get(id).cloned());
    let arguments = own(&piece.input)
        .or_else(|| other(&heard.arguments))
        .unwrap_or_default();
    let content = own(&piece.output).or_else(|| other(&heard.results)).unwrap_or_default();
    empty_step(
        "tool_call",
        json!({"tool": tool, "arguments": arguments}),
        output(piece, content),
    )
}

/// The steps of tool calls that have no separate piece.
fn unseen(piece: &Piece, heard: &ToolMentions) -> Vec<TraceStep> {
    let calls = messages(&piece.output).into_iter().flat_map(|message| message.calls);
    let open = calls.filter(|call| !heard.saw(call));
    let step_of = |call: RecordedCall| {
        let said = call.id.as_ref().and_then(|id| heard.results.get(id));
        let output = said.map_or(Value::Null, |content| json!({"content": content}));
        empty_step(
            "tool_call",
            json!({"tool": call.tool, "arguments": call.arguments}),
            output,
        )
    };
    open.map(step_of).collect()
}
