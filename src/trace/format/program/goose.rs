//! `goose run`: its text without the lines about the session, one object with all messages, or a stream of them.

use serde_json::Value;

use super::{PrintedRun, count, events};
use crate::artifact::spending::Usage;

/// The beginnings of the lines that goose prints about the session before the answer.
const HEAD: [&str; 6] = [
    "starting session |",
    "resuming session |",
    "session id:",
    "working directory:",
    "logging to ",
    "running without session",
];

/// The run; `None` for a text without lines about a session.
pub(super) fn read(output: &str) -> Option<PrintedRun> {
    let events = events::of(output).unwrap_or_default();
    match of_events(&events) {
        Some(run) => Some(run),
        None => of_text(output),
    }
}

fn of_events(events: &[Value]) -> Option<PrintedRun> {
    let whole = events.iter().find(|event| event["messages"].is_array());
    let messages: Vec<&Value> = match whole {
        Some(whole) => whole["messages"].as_array().into_iter().flatten().collect(),
        None => {
            let events = events.iter().filter(|event| event["type"] == "message");
            events
                .map(|event| &event["message"])
                .filter(|message| message.is_object())
                .collect()
        }
    };
    if messages.is_empty() {
        return None;
    }
    let mut run = PrintedRun::default();
    let own = messages.iter().filter(|message| message["role"] == "assistant");
    let mut last_id = None;
    for message in own {
        let id = message["id"].as_str();
        for part in message["content"].as_array().into_iter().flatten() {
            run.add_tool(part["toolCall"]["value"]["name"].as_str());
            let Some(text) = part["text"].as_str() else { continue };
            // A stream has a message in pieces of one id.
            if id.is_none() || id != last_id {
                run.answer.clear();
            }
            last_id = id;
            run.answer.push_str(text);
        }
    }
    let facts = whole.map(|whole| &whole["metadata"]).or_else(|| events.last())?;
    run.usage = facts.get("input_tokens").map(|input| Usage {
        input: count(input),
        output: count(&facts["output_tokens"]),
        ..Usage::default()
    });
    Some(run)
}

fn of_text(output: &str) -> Option<PrintedRun> {
    let is_head = |line: &&str| HEAD.iter().any(|begin| line.trim_start().starts_with(begin));
    let head: Vec<&str> = output.lines().filter(is_head).collect();
    if head.is_empty() {
        return None;
    }
    let rest: Vec<&str> = output.lines().filter(|line| !is_head(line)).collect();
    let model = head.iter().find_map(|line| line.split_once("model: "));
    Some(PrintedRun {
        answer: rest.join("\n").trim().to_owned(),
        model: model
            .and_then(|(_, name)| name.split_whitespace().next())
            .map(str::to_owned),
        ..PrintedRun::default()
    })
}
