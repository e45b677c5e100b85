//! Which prompts a transcript has, and which answers belong to them.

use std::io::Cursor;

use serde_json::{Value, json};

use super::super::read;
use crate::artifact::trace::Trace;

/// A line of session S with the next id and second.
fn line(number: usize, kind: &str, content: Value, more: Value) -> Value {
    let model = if kind == "assistant" { json!("m") } else { Value::Null };
    let mut line = json!({"type": kind, "sessionId": "S", "uuid": format!("u{number}"),
        "timestamp": format!("2026-01-01T10:00:{number:02}Z"),
        "message": {"role": kind, "content": content, "model": model}});
    for (key, value) in more.as_object().into_iter().flatten() {
        match key.as_str() {
            "id" | "model" => line["message"][key] = value.clone(),
            _ => line[key] = value.clone(),
        }
    }
    line
}

fn you(text: &str) -> (&'static str, Value, Value) {
    ("user", json!(text), json!({}))
}

fn model(text: &str) -> (&'static str, Value, Value) {
    ("assistant", json!([{"type": "text", "text": text}]), json!({}))
}

fn with(said: (&'static str, Value, Value), more: Value) -> (&'static str, Value, Value) {
    (said.0, said.1, more)
}

fn traces(lines: &[Value]) -> Vec<Trace> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let reading = read("a.jsonl", Cursor::new(text.into_bytes())).unwrap();
    reading.traces.filter_map(Result::ok).collect()
}

/// The queries and results of the lines.
fn said(lines: Vec<(&str, Value, Value)>) -> Vec<(String, Option<String>)> {
    let lines: Vec<Value> = lines
        .into_iter()
        .enumerate()
        .map(|(number, (kind, content, more))| line(number, kind, content, more))
        .collect();
    traces(&lines)
        .into_iter()
        .map(|trace| (trace.query, trace.result))
        .collect()
}

#[test]
#[allow(clippy::too_many_lines)] // a table
fn prompts_and_their_answers() {
    let queued = |more: Value| {
        let mut attachment = json!({"type": "queued_command", "prompt": "And Spain?"});
        attachment
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ("attachment", Value::Null, json!({"attachment": attachment}))
    };
    let error = json!({"isApiErrorMessage": true, "model": "<synthetic>"});
    let call = (
        "assistant",
        json!([{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}]),
        json!({"id": "m1"}),
    );
    let result = |text: &str| {
        (
            "user",
            json!([{"type": "tool_result", "tool_use_id": "t", "content": text}]),
            json!({}),
        )
    };
    let rejected = json!([{"type": "tool_result", "tool_use_id": "t", "content": "no"}, {"type": "text", "text": "[Request interrupted by user for tool use]"}]);
    for (about, lines, wanted) in [
        (
            "notes",
            vec![
                you("<local-command-caveat>Caveat: …</local-command-caveat>"),
                you("Italy?"),
                model("Rome."),
                with(you("Be brief"), json!({"isMeta": true})),
                with(you("done"), json!({"origin": {"kind": "hook"}})),
                you("<task-notification>done</task-notification>"),
                model("Rome, I say."),
            ],
            vec![("Italy?", Some("Rome, I say."))],
        ),
        (
            "an answered command",
            vec![
                you("Italy?"),
                model("Rome."),
                you("<command-name>/review</command-name><command-args>PR 12</command-args>"),
                with(you("Review it"), json!({"isMeta": true})),
                model("It is good."),
            ],
            vec![("Italy?", Some("Rome.")), ("/review PR 12", Some("It is good."))],
        ),
        (
            "commands of the program",
            vec![
                you("<command-name>/model</command-name>"),
                you("<local-command-stdout>Set</local-command-stdout>"),
                you("Italy?"),
                call.clone(),
                you("<command-name>/cost</command-name>"),
                you("<local-command-stdout>1 USD</local-command-stdout>"),
                result("Rome"),
                model("Rome."),
                you("<command-name>/clear</command-name>"),
                you("Spain?"),
            ],
            vec![("Italy?", Some("Rome.")), ("Spain?", None)],
        ),
        (
            "a shell command",
            vec![
                you("<bash-input>ls</bash-input>"),
                you("<bash-stdout>a</bash-stdout>"),
                model("One file."),
            ],
            vec![("!ls", Some("One file."))],
        ),
        (
            "errors of the service",
            vec![
                you("Italy?"),
                model("I look."),
                with(model("API Error: 529"), error.clone()),
                you("continue"),
                model("Rome."),
            ],
            vec![("Italy?", None), ("continue", Some("Rome."))],
        ),
        (
            "an error that passed",
            vec![you("Italy?"), with(model("API Error"), error.clone()), model("Rome.")],
            vec![("Italy?", Some("Rome."))],
        ),
        (
            "a made-up reply",
            vec![
                you("Italy?"),
                model("Rome."),
                with(model("No response requested."), json!({"model": "<synthetic>"})),
            ],
            vec![("Italy?", Some("Rome."))],
        ),
        (
            "an interruption",
            vec![you("Italy?"), model("It is"), you("[Request interrupted by user]")],
            vec![("Italy?", None)],
        ),
        (
            "a rejected tool",
            vec![
                you("Italy?"),
                model("I look."),
                call.clone(),
                ("user", rejected, json!({})),
            ],
            vec![("Italy?", None)],
        ),
        (
            "a compaction",
            vec![
                you("Italy?"),
                you("This session is being continued from a previous conversation that ran out of context."),
                model("Rome."),
            ],
            vec![("Italy?", Some("Rome."))],
        ),
        (
            "prompts while the model works",
            vec![
                you("Italy?"),
                call.clone(),
                result("Rome"),
                (
                    "queue-operation",
                    Value::Null,
                    json!({"operation": "enqueue", "content": "And Spain?"}),
                ),
                queued(json!({"commandMode": "task-notification"})),
                queued(json!({"commandMode": "prompt", "origin": {"kind": "human"}})),
                model("Rome and Madrid."),
            ],
            vec![("Italy?", None), ("And Spain?", Some("Rome and Madrid."))],
        ),
        (
            "a message in several lines",
            vec![
                you("Italy?"),
                with(model("It"), json!({"id": "m1"})),
                with(model("It is"), json!({"id": "m1"})),
                with(model("It is"), json!({"id": "m1"})),
                with(model("Rome."), json!({"id": "m1"})),
            ],
            vec![("Italy?", Some("It is\nRome."))],
        ),
        (
            "a sub-agent",
            vec![
                you("Italy?"),
                model("Rome."),
                with(you("Look"), json!({"isSidechain": true})),
                with(model("Found"), json!({"isSidechain": true})),
            ],
            vec![("Italy?", Some("Rome."))],
        ),
        (
            "what an editor adds",
            vec![(
                "user",
                json!([{"type": "text", "text": "<ide_opened_file>a.rs</ide_opened_file>"}, {"type": "text", "text": "Italy?"}]),
                json!({}),
            )],
            vec![("Italy?", None)],
        ),
        (
            "an image alone",
            vec![
                you("Italy?"),
                model("Rome."),
                ("user", json!([{"type": "image", "source": {}}]), json!({})),
                model("A cat."),
            ],
            vec![("Italy?", Some("Rome.")), ("", Some("A cat."))],
        ),
    ] {
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|(query, result)| (query.to_owned(), result.map(str::to_owned)))
            .collect();
        assert_eq!(said(lines), wanted, "{about}");
    }
}

#[test]
fn the_metadata_has_the_error_and_the_command() {
    let error = json!({"isApiErrorMessage": true, "model": "<synthetic>"});
    let found = traces(&[
        line(0, "user", json!("<command-name>/fix</command-name>"), json!({})),
        line(
            1,
            "assistant",
            json!([{"type": "text", "text": "API Error: 529"}]),
            error,
        ),
    ]);
    assert_eq!(found[0].metadata["error"], "API Error: 529");
    assert_eq!(found[0].metadata["command"], "fix");
    assert_eq!((found[0].model.as_deref(), found[0].outcome.as_deref()), (None, None));
}

#[test]
fn lines_of_a_message_count_its_tokens_and_its_calls_once() {
    let call = json!([{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}]);
    let found = traces(&[
        line(0, "user", json!("Italy?"), json!({})),
        line(
            1,
            "assistant",
            json!([{"type": "text", "text": "I look."}]),
            json!({"id": "m1"}),
        ),
        line(2, "assistant", call.clone(), json!({"id": "m1"})),
        line(3, "assistant", call, json!({"id": "m1"})),
    ]);
    let kinds: Vec<&str> = found[0].steps.iter().map(|step| step.step_type.as_str()).collect();
    assert_eq!(kinds, ["generate", "tool_call"]);
}

#[test]
fn a_history_that_is_repeated_in_its_file_counts_once() {
    let first = [
        line(0, "user", json!("Italy?"), json!({})),
        line(1, "assistant", json!([{"type": "text", "text": "Rome."}]), json!({})),
    ];
    let again = first.clone().map(|mut line| {
        line["sessionId"] = json!("S2");
        line
    });
    let next = line(2, "user", json!("Spain?"), json!({"sessionId": "S2"}));
    let lines = [first.to_vec(), again.to_vec(), vec![next]].concat();
    let queries: Vec<String> = traces(&lines).into_iter().map(|trace| trace.query).collect();
    assert_eq!(queries, ["Italy?", "Spain?"]);
}

#[test]
fn a_uuid_is_the_id_of_a_trace_whatever_the_session() {
    let uuid = "0b8a5a7e-3c86-4f42-9a34-59d2ff07b5a1";
    let found = traces(&[
        line(0, "user", json!("Italy?"), json!({"uuid": uuid})),
        line(1, "user", json!("Spain?"), json!({})),
    ]);
    let ids: Vec<String> = found.into_iter().map(|trace| trace.trace_id).collect();
    assert_eq!(ids, [format!("claude_code:{uuid}"), "claude_code:S:u1".to_owned()]);
}
