//! Reads Inspect evaluation logs, one trace per sample: one JSON file, or an archive with one file per sample.

use std::io::Cursor;

use serde_json::{Value, json};

use super::conversation::{asked, conversation_run};
use super::document::{Item, items};
use super::field::{facts, first, label, list, text, time};
use super::location::SourceLocation;
use super::message::messages;
use super::{Archive, ImportError, TraceIter, TraceResult, field};
use crate::artifact::trace::Trace;

/// The header files of an archive. After a crash of Inspect, only the second one exists.
const HEADERS: [&str; 2] = ["header.json", "_journal/start.json"];

fn is_sample(part: &str) -> bool {
    part.starts_with("samples/") && part.ends_with(".json")
}

/// Reads an archive, one sample at a time.
///
/// # Errors
/// The archive is not an Inspect log, or its header cannot be read.
pub(crate) fn archive(archive: Archive<'_>) -> Result<TraceIter<'_>, ImportError> {
    let Archive { names, mut unpack } = archive;
    let is_there = |name: &&&str| names.iter().any(|there| there == **name);
    let name = *HEADERS.iter().find(is_there).ok_or(ImportError::NotALog)?;
    let header = value(unpack(name)).map_err(|reason| ImportError::Part {
        part: name.to_owned(),
        reason,
    })?;
    if !header["eval"].is_object() {
        return Err(ImportError::NotALog);
    }
    let samples = names.into_iter().filter(|name| is_sample(name));
    Ok(Box::new(samples.map(move |name| {
        let value = value(unpack(&name));
        let place = SourceLocation::Part(name, String::new());
        sample(&header, &value.map_err(|reason| place.skipped(reason))?, &place)
    })))
}

/// The JSON value of a file in an archive.
fn value(unpacked: Result<Vec<u8>, String>) -> Result<Value, String> {
    let mut read = items(Cursor::new(unpacked?)).map_err(|error| error.to_string())?;
    let item = read.next().ok_or_else(|| ImportError::Empty.to_string())?;
    Ok(item.map_err(|skipped| skipped.reason)?.value)
}

/// Reads a log that is one JSON value.
pub(crate) fn log(item: &Item) -> Vec<TraceResult> {
    let samples = list(&item.value, "samples").iter().enumerate();
    let found: Vec<TraceResult> = samples
        .map(|(at, value)| sample(&item.value, value, &item.place.inner("samples").inner(&at.to_string())))
        .collect();
    if found.is_empty() {
        return vec![Err(item.place.skipped("a log without samples"))];
    }
    found
}

fn sample(log: &Value, sample: &Value, place: &SourceLocation) -> TraceResult {
    if !sample.is_object() || sample.get("input").is_none() {
        return Err(place.skipped("a sample without its input"));
    }
    let (eval, sample) = (&log["eval"], &attached(sample, &sample["attachments"], 0));
    let run = conversation_run(&messages(&sample["messages"]));
    let error = text(&sample["error"], "message");
    let grade = grade(&sample["scores"]);
    let model = text(eval, "model");
    let (started, ended) = times(sample);
    Ok(Trace {
        query: asked(&sample["input"]).unwrap_or(run.query),
        engine: model
            .as_deref()
            .and_then(|model| model.split_once('/'))
            .map(|(engine, _)| engine.to_owned()),
        result: conversation_run(&messages(&sample["output"])).result.or(run.result),
        outcome: if error.is_some() {
            Some("failure".to_owned())
        } else {
            grade.and_then(outcome).map(str::to_owned)
        },
        feedback: grade,
        started_at: started,
        ended_at: ended,
        total_tokens: tokens(&sample["model_usage"]),
        total_latency_seconds: sample["total_time"].as_f64(),
        metadata: facts([
            ("task", eval["task"].clone()),
            ("run_id", eval["run_id"].clone()),
            ("run_status", log["status"].clone()),
            ("sample", sample["id"].clone()),
            ("epoch", sample["epoch"].clone()),
            ("target", sample["target"].clone()),
            ("scores", values(&sample["scores"])),
            ("feedback_is", grade.map(|_| "the score of the log's scorer").into()),
            ("error", error.into()),
            ("place", place.to_string().into()),
        ]),
        steps: run.steps,
        model,
        ..field::empty_trace(id(eval, sample))
    })
}

fn id(eval: &Value, sample: &Value) -> String {
    let (task, number) = (text(eval, "task_id"), label(&sample["id"]));
    match (text(sample, "uuid"), task, number) {
        (Some(own), ..) => format!("inspect:{own}"),
        (None, Some(task), Some(number)) => {
            format!("inspect:{task}:{number}:{}", sample["epoch"].as_u64().unwrap_or(1))
        }
        _ => field::trace_id("inspect", None, sample),
    }
}

/// The maximum depth at which references to attachments are replaced.
const DEEPEST: usize = 16;

/// Replaces references to attachments, where Inspect stores long texts, by those texts. Skips events, whose content is
/// not imported.
fn attached(value: &Value, texts: &Value, depth: usize) -> Value {
    match value {
        Value::String(name) => name
            .strip_prefix("attachment://")
            .and_then(|name| texts.get(name))
            .unwrap_or(value)
            .clone(),
        Value::Array(values) if depth < DEEPEST => {
            values.iter().map(|value| attached(value, texts, depth + 1)).collect()
        }
        Value::Object(all) if depth < DEEPEST => {
            let other = all.iter().filter(|(key, _)| *key != "attachments");
            let each = other.map(|(key, value)| match key.as_str() {
                "events" => (key.clone(), value.clone()),
                _ => (key.clone(), attached(value, texts, depth + 1)),
            });
            Value::Object(each.collect())
        }
        other => other.clone(),
    }
}

/// The start and end of a sample: its own fields, otherwise the times of its first and last event.
fn times(sample: &Value) -> (Option<f64>, Option<f64>) {
    let events = list(sample, "events");
    let of = |event: Option<&Value>| event.and_then(|event| time(&event["timestamp"]));
    let started = time(&sample["started_at"]).or_else(|| of(events.first()));
    let ended = time(&sample["completed_at"]).or_else(|| of(events.last()));
    (started, ended)
}

fn tokens(usage: &Value) -> Option<u64> {
    let models = usage.as_object()?.values();
    models
        .filter_map(|model| model["total_tokens"].as_u64())
        .reduce(u64::saturating_add)
}

/// The grade, if there is exactly one score. Among several, the log does not say which one counts.
fn grade(scores: &Value) -> Option<f64> {
    let mut all = scores.as_object()?.values();
    let (only, None) = (all.next()?, all.next()) else {
        return None;
    };
    match first(only, &["value"])? {
        Value::String(letter) => match letter.as_str() {
            "C" => Some(1.0),
            "P" => Some(0.5),
            "I" | "N" => Some(0.0),
            _ => None,
        },
        Value::Bool(right) => Some(if *right { 1.0 } else { 0.0 }),
        number => super::field::rating(number),
    }
}

/// The outcome for grades 1 and 0; `None` for partial credit.
fn outcome(grade: f64) -> Option<&'static str> {
    match grade {
        1.0 => Some("success"),
        0.0 => Some("failure"),
        _ => None,
    }
}

/// The values of the scores by name.
fn values(scores: &Value) -> Value {
    let Some(all) = scores.as_object().filter(|all| !all.is_empty()) else {
        return Value::Null;
    };
    all.iter()
        .map(|(name, score)| (name.clone(), score.get("value").cloned().unwrap_or(json!(null))))
        .collect()
}
