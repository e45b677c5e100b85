//! A run: pieces of work with a time and a place in a tree, put together as one trace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::blank::step;
use super::field::{facts, lasted, unwrapped};
use super::message::{Call, messages};
use super::spoken::{answered, asked, last};
use crate::artifact::trace::{Step, Trace};

/// What a piece of work does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A model answers.
    Generate,
    /// A tool runs; the id is that of the call.
    Tool(String, Option<String>),
    /// Something is looked up or embedded.
    Retrieve,
    /// Something that holds other pieces.
    Frame,
}

/// A piece of work.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub id: String,
    pub parent: Option<String>,
    pub work: Work,
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

/// Fills a trace with what its pieces say; fields that are known already stay.
pub(crate) fn fill(mut trace: Trace, mut pieces: Vec<Piece>) -> Trace {
    let early = |piece: &Piece| piece.start.unwrap_or(f64::INFINITY);
    pieces.sort_by(|a, b| early(a).total_cmp(&early(b)));
    let root = root(&pieces);
    let generated = || pieces.iter().filter(|piece| piece.work == Work::Generate);
    if trace.query.is_empty() {
        let of_root = root
            .filter(|root| root.work == Work::Frame)
            .and_then(|root| asked(&root.input));
        trace.query = of_root
            .or_else(|| generated().find_map(|piece| asked(&piece.input)))
            .unwrap_or_default();
    }
    let of_root = || {
        root.filter(|root| root.work == Work::Frame)
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

/// The earliest piece whose parent is not there.
fn root(pieces: &[Piece]) -> Option<&Piece> {
    let ids: BTreeSet<&str> = pieces.iter().map(|piece| piece.id.as_str()).collect();
    let is_root = |piece: &&Piece| piece.parent.as_deref().is_none_or(|parent| !ids.contains(parent));
    let named = pieces.iter().find(|piece| piece.parent.is_none());
    named.or_else(|| pieces.iter().find(is_root))
}

fn seconds(piece: &Piece) -> Option<f64> {
    lasted(piece.start, piece.end)
}

fn steps(pieces: &[Piece]) -> Vec<Step> {
    let heard = Heard::of(pieces);
    let is_last_word = |piece: &Piece| piece.work == Work::Generate && answered(&piece.output).is_some();
    let last_word = pieces.iter().rposition(is_last_word);
    let mut steps = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let done = match &piece.work {
            Work::Frame => continue,
            Work::Generate if Some(at) == last_word => generate(piece, "respond"),
            Work::Generate => generate(piece, "generate"),
            Work::Retrieve => step("retrieve", piece.input.clone(), output(piece, piece.output.clone())),
            Work::Tool(tool, id) => ran(piece, tool, id.as_deref(), &heard),
        };
        steps.push(Step {
            duration_seconds: seconds(piece),
            ..done
        });
        if piece.work == Work::Generate {
            steps.extend(unseen(piece, &heard));
        }
    }
    steps
}

/// What all messages of a run say of tools: a model's messages name calls, and later ones their results.
#[derive(Default)]
struct Heard {
    arguments: BTreeMap<String, Value>,
    results: BTreeMap<String, Value>,
    /// The calls that have a piece of their own.
    ran: BTreeSet<String>,
    /// The tools that have a piece.
    tools: BTreeSet<String>,
    /// The tools that have a piece which names no call.
    nameless: BTreeSet<String>,
}

impl Heard {
    fn of(pieces: &[Piece]) -> Self {
        let mut heard = Self::default();
        for piece in pieces {
            match &piece.work {
                Work::Tool(tool, id) => {
                    heard.tools.insert(tool.clone());
                    match id {
                        Some(id) => heard.ran.insert(id.clone()),
                        None => heard.nameless.insert(tool.clone()),
                    };
                }
                Work::Generate => heard.hear(piece),
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

    /// Whether the tool of a call has a piece of its own.
    fn saw(&self, call: &Call) -> bool {
        match &call.id {
            Some(id) => self.ran.contains(id) || self.nameless.contains(&call.tool),
            None => self.tools.contains(&call.tool),
        }
    }
}

/// What came out, or the error.
fn output(piece: &Piece, content: Value) -> Value {
    facts([("content", content), ("error", piece.error.clone().into())])
}

fn generate(piece: &Piece, kind: &str) -> Step {
    let input = facts([("content", last(&piece.input)), ("model", piece.model.clone().into())]);
    step(kind, input, output(piece, answer_of(&piece.output)))
}

/// What a model said, as text; what it called stands in steps of their own.
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

/// A tool that ran; what its own piece does not say, the messages around it do.
fn ran(piece: &Piece, tool: &str, id: Option<&str>, heard: &Heard) -> Step {
    let own = |value: &Value| Some(unwrapped(value)).filter(|value| !value.is_null());
    let other = |all: &BTreeMap<String, Value>| id.and_then(|id| all.get(id).cloned());
    let arguments = own(&piece.input)
        .or_else(|| other(&heard.arguments))
        .unwrap_or_default();
    let content = own(&piece.output).or_else(|| other(&heard.results)).unwrap_or_default();
    step(
        "tool_call",
        json!({"tool": tool, "arguments": arguments}),
        output(piece, content),
    )
}

/// The calls of a model for which no tool's piece was recorded.
fn unseen(piece: &Piece, heard: &Heard) -> Vec<Step> {
    let calls = messages(&piece.output).into_iter().flat_map(|message| message.calls);
    let open = calls.filter(|call| !heard.saw(call));
    let step_of = |call: Call| {
        let said = call.id.as_ref().and_then(|id| heard.results.get(id));
        let output = said.map_or(Value::Null, |content| json!({"content": content}));
        step(
            "tool_call",
            json!({"tool": call.tool, "arguments": call.arguments}),
            output,
        )
    };
    open.map(step_of).collect()
}
