//! Inspect: logs of evaluations, a sample a trace; as one JSON file, or as an archive with a file a sample.

use std::io::Cursor;

use serde_json::{Value, json};

use super::conversation::told as told_of;
use super::document::{Item, items};
use super::field::{facts, first, label, list, text, time};
use super::message::messages;
use super::place::SourceLocation;
use super::spoken::asked;
use super::{Archive, Found, ImportError, Traces, blank};
use crate::artifact::trace::Trace;

/// The files with what holds for all samples; the second is there after a crash, too.
const HEADERS: [&str; 2] = ["header.json", "_journal/start.json"];

fn is_sample(part: &str) -> bool {
    part.starts_with("samples/") && part.ends_with(".json")
}

/// Reads an archive, one sample at a time.
///
/// # Errors
/// It is an archive of something else, or its header cannot be read.
pub(crate) fn archive(archive: Archive<'_>) -> Result<Traces<'_>, ImportError> {
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

/// Reads a log in one piece.
pub(crate) fn log(item: &Item) -> Vec<Found> {
    let samples = list(&item.value, "samples").iter().enumerate();
    let found: Vec<Found> = samples
        .map(|(at, value)| sample(&item.value, value, &item.place.inner("samples").inner(&at.to_string())))
        .collect();
    if found.is_empty() {
        return vec![Err(item.place.skipped("a log without samples"))];
    }
    found
}

fn sample(log: &Value, sample: &Value, place: &SourceLocation) -> Found {
    if !sample.is_object() || sample.get("input").is_none() {
        return Err(place.skipped("a sample without its input"));
    }
    let (eval, sample) = (&log["eval"], &attached(sample, &sample["attachments"], 0));
    let told = told_of(&messages(&sample["messages"]));
    let error = text(&sample["error"], "message");
    let grade = grade(&sample["scores"]);
    let model = text(eval, "model");
    let (started, ended) = times(sample);
    Ok(Trace {
        query: asked(&sample["input"]).unwrap_or(told.query),
        engine: model
            .as_deref()
            .and_then(|model| model.split_once('/'))
            .map(|(engine, _)| engine.to_owned()),
        result: told_of(&messages(&sample["output"])).result.or(told.result),
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
        steps: told.steps,
        model,
        ..blank::trace(id(eval, sample))
    })
}

fn id(eval: &Value, sample: &Value) -> String {
    let (task, number) = (text(eval, "task_id"), label(&sample["id"]));
    match (text(sample, "uuid"), task, number) {
        (Some(own), ..) => format!("inspect:{own}"),
        (None, Some(task), Some(number)) => {
            format!("inspect:{task}:{number}:{}", sample["epoch"].as_u64().unwrap_or(1))
        }
        _ => blank::id("inspect", None, sample),
    }
}

/// How deep texts are looked for that stand elsewhere.
const DEEPEST: usize = 16;

/// The value with the texts that it refers to: long ones stand in one place of the sample. Events refer to them, and are not read.
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

/// When a sample began and ended: as it says itself, else by its events.
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

/// The grade, where there is exactly one score: of several, nobody says which one counts.
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

/// Right or wrong; what lies between is neither.
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
