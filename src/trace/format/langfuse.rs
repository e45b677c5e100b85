//! Reads Langfuse traces with observations and scores, or lists of observations, from its API or its exports.

use serde_json::{Value, json};

use super::conversation::{answered, asked};
use super::document::{Item, Items};
use super::field::{count, facts, list, rating, text, text_of, time, unwrapped};
use super::groups::{Groups, Room, found_with, too_much};
use super::run::{Piece, PieceKind, fill};
use super::{TraceResult, field};
use crate::artifact::trace::Trace;

/// The names of scores where higher is better. Other scores, such as `toxicity`, may mean the opposite.
const RATINGS: [&str; 9] = [
    "correctness",
    "correct",
    "accuracy",
    "success",
    "user-feedback",
    "user_feedback",
    "feedback",
    "rating",
    "helpfulness",
];

/// Reads traces. Observations without their trace are grouped by trace id and returned last.
pub(crate) fn traces(items: Items<'_>) -> impl Iterator<Item = TraceResult> + '_ {
    let (mut loose, mut room) = (Groups::default(), Room::default());
    found_with(items, move |item| match item {
        Some(Err(skipped)) => vec![Err(skipped)],
        Some(Ok(item)) => match trace_of(&item.value) {
            None => vec![trace(&item)],
            Some(_) if !room.takes(&item) => vec![Err(too_much(&item.place))],
            Some(id) => {
                loose.add(id, piece(&item.value));
                Vec::new()
            }
        },
        None => loose
            .take()
            .into_iter()
            .map(|(id, pieces)| Ok(gathered(&id, pieces)))
            .collect(),
    })
}

/// The id of the trace to which an observation belongs; `None` if the value is not an observation.
pub(crate) fn trace_of(value: &Value) -> Option<String> {
    let is_observation = value["type"].is_string() && value["startTime"].is_string();
    text(value, "traceId").filter(|_| is_observation)
}

/// A trace of which the file contains only the observations.
fn gathered(id: &str, pieces: Vec<Piece>) -> Trace {
    fill(field::empty_trace(format!("langfuse:{id}")), pieces)
}

fn trace(item: &Item) -> TraceResult {
    let export = &item.value;
    let trace = if export["trace"].is_object() {
        &export["trace"]
    } else {
        export
    };
    let Some(id) = text(trace, "id") else {
        return Err(item.place.skipped("a trace without `id`"));
    };
    // The export's observations come first: those inside the trace may have no input and output.
    let observations = [export, trace]
        .into_iter()
        .map(|of| list(of, "observations"))
        .find(|all| !all.is_empty());
    let pieces: Vec<Piece> = observations.unwrap_or_default().iter().map(piece).collect();
    let rating = feedback(list(trace, "scores"));
    let known = Trace {
        query: asked(&trace["input"]).unwrap_or_default(),
        result: answered(&trace["output"]),
        feedback: rating.as_ref().map(|(_, rating)| *rating),
        started_at: time(&trace["timestamp"]),
        total_latency_seconds: trace["latency"].as_f64(),
        metadata: facts([
            ("name", trace["name"].clone()),
            ("session_id", trace["sessionId"].clone()),
            ("user_id", trace["userId"].clone()),
            ("environment", trace["environment"].clone()),
            (
                "tags",
                Some(&trace["tags"])
                    .filter(|tags| tags.as_array().is_some_and(|tags| !tags.is_empty()))
                    .cloned()
                    .into(),
            ),
            ("scores", scores(list(trace, "scores"))),
            (
                "feedback_is",
                rating.map(|(name, _)| format!("the score `{name}`")).into(),
            ),
        ]),
        ..field::empty_trace(format!("langfuse:{id}"))
    };
    Ok(fill(known, pieces))
}

fn piece(value: &Value) -> Piece {
    let attributes = unwrapped(&value["metadata"])["attributes"].clone();
    let usage = &value["usageDetails"];
    let total = count(&usage["total"])
        .or_else(|| count(&value["usage"]["total"]))
        .or_else(|| count(&value["totalTokens"]));
    let both = || Some(count(&usage["input"])?.saturating_add(count(&usage["output"])?));
    Piece {
        id: text(value, "id").unwrap_or_default(),
        parent: text(value, "parentObservationId"),
        work: work(value, &attributes),
        start: time(&value["startTime"]),
        end: time(&value["endTime"]),
        input: value["input"].clone(),
        output: value["output"].clone(),
        agent: text_of(&attributes, &["gen_ai.agent.name", "agent.name"]),
        model: text(value, "model"),
        engine: text_of(&attributes, &["gen_ai.provider.name", "gen_ai.system", "llm.system"]),
        tokens: total.or_else(both),
        error: (value["level"] == "ERROR")
            .then(|| text(value, "statusMessage").unwrap_or_else(|| "an error".to_owned())),
    }
}

fn work(value: &Value, attributes: &Value) -> PieceKind {
    let name = || text(value, "name").unwrap_or_default();
    let tool = text_of(attributes, &["gen_ai.tool.name", "tool.name"]);
    match value["type"].as_str() {
        Some("GENERATION") => PieceKind::Generate,
        Some("TOOL") => PieceKind::Tool(tool.unwrap_or_else(name), text(attributes, "gen_ai.tool.call.id")),
        Some("RETRIEVER" | "EMBEDDING") => PieceKind::Retrieve,
        _ => match tool {
            Some(tool) => PieceKind::Tool(tool, text(attributes, "gen_ai.tool.call.id")),
            None => PieceKind::Frame,
        },
    }
}

/// The rating of the whole trace and its name: the first score from 0 to 1 whose name is in [`RATINGS`].
fn feedback(scores: &[Value]) -> Option<(String, f64)> {
    let of_trace = scores.iter().filter(|score| score["observationId"].is_null());
    let ratings = of_trace.filter_map(|score| {
        let name = text(score, "name").filter(|name| RATINGS.contains(&name.to_lowercase().as_str()))?;
        let is_number = matches!(score["dataType"].as_str(), None | Some("NUMERIC" | "BOOLEAN"));
        Some((name, rating(&score["value"]).filter(|_| is_number)?))
    });
    // A person's rating has priority over a model's.
    let (persons, others): (Vec<_>, Vec<_>) = ratings.partition(|(name, _)| name.contains("feedback"));
    persons.into_iter().chain(others).next()
}

fn scores(scores: &[Value]) -> Value {
    if scores.is_empty() {
        return Value::Null;
    }
    let value = |score: &Value| {
        let word = score["stringValue"].clone();
        if word.is_null() { score["value"].clone() } else { word }
    };
    scores
        .iter()
        .filter_map(|score| Some((text(score, "name")?, value(score))))
        .fold(json!({}), |mut all, (name, value)| {
            all[name] = value;
            all
        })
}
