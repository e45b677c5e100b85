//! Tests of each dialect on a sample, and of all dialects on garbage.

use std::io::Cursor;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

macro_rules! sample {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../../tests/imports/", $name)).as_slice(),
        )
    };
}

const CHAT: (&str, &[u8]) = sample!("chat.jsonl");
const CLAUDE_CODE: (&str, &[u8]) = sample!("claude_code.jsonl");
const INSPECT: (&str, &[u8]) = sample!("inspect.json");
const SAMPLES: [(&str, &[u8]); 12] = [
    CHAT,
    CLAUDE_CODE,
    INSPECT,
    sample!("otlp_genai.jsonl"),
    sample!("otlp_openinference.json"),
    sample!("spans_ai_sdk.json"),
    sample!("langfuse.json"),
    sample!("intercode.json"),
    sample!("openhands.json"),
    sample!("sweagent.traj"),
    sample!("toolbench.json"),
    sample!("kaizen.jsonl"),
];

fn read_all(bytes: &[u8]) -> (Dialect, Vec<Trace>, Vec<String>) {
    let reading = read("a.json", Cursor::new(bytes)).unwrap();
    let (mut traces, mut skipped) = (Vec::new(), Vec::new());
    for found in reading.traces {
        match found {
            Ok(trace) => traces.push(trace),
            Err(one) => skipped.push(format!(
                "{}{}: {}",
                if one.is_loss { "!" } else { "" },
                one.place,
                one.reason
            )),
        }
    }
    (reading.dialect, traces, skipped)
}

/// The fields of a trace, without nulls; steps as lines.
fn said(trace: &Trace) -> Value {
    let mut value = serde_json::to_value(trace).unwrap();
    let all = value.as_object_mut().unwrap();
    let steps = trace.steps.iter().map(|step| {
        let seconds = step
            .duration_seconds
            .map(|seconds| format!(" {seconds}s"))
            .unwrap_or_default();
        format!("{} {} -> {}{seconds}", step.step_type, step.input, step.output)
    });
    all.insert("steps".into(), steps.collect());
    all.retain(|_, value| !value.is_null());
    value
}

/// Reads a sample, and expects these traces and these skipped parts.
#[track_caller]
fn wants(sample: (&str, &[u8]), dialect: &str, wanted: &[Value], gaps: &[&str]) {
    let (found, traces, skipped) = read_all(sample.1);
    assert_eq!(found.name(), dialect);
    assert_eq!(skipped, gaps);
    for (trace, wanted) in traces.iter().zip(wanted) {
        let said = said(trace);
        assert_eq!(&said, wanted, "\n{}", serde_json::to_string_pretty(&said).unwrap());
    }
    assert_eq!(traces.len(), wanted.len());
}

#[test]
fn chat_conversations() {
    let (dialect, traces, skipped) = read_all(CHAT.1);
    assert_eq!((dialect, traces.len()), (Dialect::Chat, 3));
    let first = said(&traces[0]);
    assert_eq!(first["query"], "Is it dry?");
    assert_eq!(first["result"], "Yes, water it.");
    assert_eq!(first["model"], "small");
    assert_eq!(
        first["metadata"],
        json!({"source": "chat", "file": "a.json", "place": "line 1", "turns": 1, "said_beside": {"rank": 3}})
    );
    assert_eq!(
        first["steps"],
        json!([
            r#"tool_call {"arguments":{"days":2},"tool":"rain_gauge"} -> {"content":"0 mm"}"#,
            r#"respond {"query":"Is it dry?"} -> {"content":"Yes, water it."}"#,
        ])
    );
    // The last message is the user's. The trace id has a digest, because other files also number from one.
    assert_eq!((traces[1].query.as_str(), &traces[1].result), ("Name a herb.", &None));
    assert!(
        traces[1].trace_id.starts_with("chat:lesson-7-"),
        "{}",
        traces[1].trace_id
    );
    assert_eq!(traces[2].query, "half \u{fffd} a pair");
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert!(skipped[0].starts_with("!line 3: not JSON"), "{skipped:?}");
    assert_eq!(skipped[1], "!line 4: no message has a role");
}

#[test]
fn the_answer_beside_the_messages_is_the_result() {
    let asked = json!([{"role": "user", "content": "Dry?"}]);
    let call =
        json!({"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "gauge", "arguments": "{}"}}]});
    let spoken = json!({"role": "assistant", "content": "Yes."});
    let with = |key: &str, answer: Value| json!({"messages": asked, key: answer});
    for (value, result, steps) in [
        (
            with("response", json!({"model": "m", "choices": [{"message": spoken}]})),
            Some("Yes."),
            "respond",
        ),
        (
            with(
                "response",
                json!({"role": "assistant", "content": [{"type": "text", "text": "Yes."}]}),
            ),
            Some("Yes."),
            "respond",
        ),
        (with("response", json!("Yes.")), Some("Yes."), "respond"),
        (
            with("response", json!({"choices": [{"message": call}]})),
            None,
            "tool_call",
        ),
        (with("response", json!({"error": {"message": "overloaded"}})), None, ""),
        (
            with(
                "choices",
                json!([{"message": spoken}, {"message": {"role": "assistant", "content": "No."}}]),
            ),
            Some("Yes."),
            "respond",
        ),
        (with("completion", json!("Yes.")), Some("Yes."), "respond"),
        (
            with(
                "output",
                json!([{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]}]),
            ),
            Some("Yes."),
            "respond",
        ),
        (with("outputs", json!(["Yes.", "No."])), Some("Yes."), "respond"),
        (with("outputs", json!([{"text": "Yes."}])), Some("Yes."), "respond"),
        (
            json!({"messages": [asked[0], spoken], "response": {"choices": [{"message": spoken}]}}),
            Some("Yes."),
            "respond",
        ),
    ] {
        let (dialect, traces, _) = read_all(value.to_string().as_bytes());
        let kinds: Vec<&str> = traces[0].steps.iter().map(|step| step.step_type.as_str()).collect();
        assert_eq!((dialect, traces[0].query.as_str()), (Dialect::Chat, "Dry?"), "{value}");
        assert_eq!(
            (traces[0].result.as_deref(), kinds.join(" ")),
            (result, steps.to_owned()),
            "{value}"
        );
    }
}

#[test]
fn what_a_conversation_loses_is_named() {
    let value = json!({"messages": [
        {"role": "user", "content": "Dry?"},
        {"id": 1, "text": "lost"},
        {"role": "user", "content": [{"type": "tool_result", "toolUseID": "1", "run": {"result": "lost"}}]},
        {"role": "assistant", "parts": [{"type": "step-start"}, {"type": "tool-gauge", "output": 0}, {"type": "text", "text": "Yes."}]},
    ]});
    let (_, traces, skipped) = read_all(value.to_string().as_bytes());
    assert_eq!(traces[0].result.as_deref(), Some("Yes."));
    let wanted = [
        "!the whole file: a message without a known role",
        "!the whole file: the result of a tool in an unknown form",
        "!the whole file: a part of the type `tool-gauge` of a message",
    ];
    assert_eq!(skipped, wanted);
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    let text = String::from_utf8(CHAT.1.to_vec()).unwrap();
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(read_all(windows.as_bytes()), read_all(CHAT.1));
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_ok())
        .collect();
    let list = format!("[{}]", lines.join(",\n"));
    let (_, traces, skipped) = read_all(list.as_bytes());
    assert_eq!(traces[1].trace_id, read_all(CHAT.1).1[1].trace_id);
    assert_eq!(skipped, ["!/2: no message has a role"]);
}

#[test]
fn claude_code_transcripts() {
    let facts = |prompt: u64, more: Value| {
        let mut facts = json!({"source": "claude_code", "file": "a.json", "session_id": "s1", "prompt": prompt});
        facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        facts
    };
    wants(
        CLAUDE_CODE,
        "claude_code",
        &[
            json!({"trace_id": "claude_code:s1:u1", "query": "Count the nails", "result": "There are none.", "model": "claude-x",
            // The last version of m1, 119, and m3, 26.
            "total_tokens": 145, "started_at": 1_767_603_600.0, "ended_at": 1_767_603_606.0, "total_latency_seconds": 6.0,
            "metadata": facts(1, json!({"folder": "/home/ann/shed", "branch": "main", "version": "2.0.1", "tool_errors": 1})),
            "steps": [
                r#"generate {"query":"Count the nails"} -> {"content":"I look."}"#,
                r#"tool_call {"arguments":{"command":"ls nails"},"tool":"Bash"} -> {"content":"ls: no such folder"} 1.5s"#,
                r#"respond {} -> {"content":"There are none."}"#,
            ]}),
            json!({"trace_id": "claude_code:s1:u9", "query": "Then buy some", "started_at": 1_767_603_720.0,
                "ended_at": 1_767_603_725.0, "total_latency_seconds": 5.0, "metadata": facts(2, json!({"interrupted": true})), "steps": []}),
        ],
        &[
            "line 1: `summary` is not a message",
            "line 3: an internal note of the program",
            "line 6: a message of a sub-agent",
            "line 9: a command that the model did not answer",
            "!line 11: it comes before the first prompt of its session",
        ],
    );
}

#[test]
fn spans_with_gen_ai_attributes() {
    wants(
        SAMPLES[3],
        "otlp",
        &[
            json!({"trace_id": "otlp:aa01", "query": "When does the ferry leave?", "result": "At noon.", "agent": "skipper",
            "model": "m1", "engine": "acme", "total_tokens": 38, "started_at": 1_767_600_000.0, "ended_at": 1_767_600_005.0,
            "total_latency_seconds": 5.0,
            "metadata": {"source": "otlp", "file": "a.json", "trace_id": "aa01", "spans": 4, "name": "invoke_agent skipper",
                "conventions": ["gen_ai"], "service": "ferry", "session_id": "c-5"},
            "steps": [
                r#"generate {"content":"When does the ferry leave?","model":"m1"} -> {} 1s"#,
                r#"tool_call {"arguments":{"pier":3},"tool":"timetable"} -> {"content":"at noon"} 0.5s"#,
                r#"respond {"content":"at noon","model":"m1"} -> {"content":"At noon."} 1s"#,
            ]}),
            json!({"trace_id": "otlp:aa02", "query": "", "agent": "skipper", "outcome": "failure", "started_at": 1_767_600_000.0,
                "ended_at": 1_767_600_001.0, "total_latency_seconds": 1.0,
                "metadata": {"source": "otlp", "file": "a.json", "trace_id": "aa02", "spans": 1, "name": "invoke_agent skipper",
                    "conventions": ["gen_ai"], "service": "ferry", "error": "the pier is gone"},
                "steps": []}),
        ],
        &["!line 6: a span without a trace id"],
    );
}

#[test]
fn spans_with_openinference_attributes() {
    wants(
        SAMPLES[4],
        "otlp",
        &[
            json!({"trace_id": "otlp:bb01", "query": "Which key is it?", "result": "The small one.", "model": "m2", "engine": "acme",
            "total_tokens": 30, "started_at": 1_767_600_000.0, "ended_at": 1_767_600_003.0, "total_latency_seconds": 3.0,
            "metadata": {"source": "otlp", "file": "a.json", "trace_id": "bb01", "spans": 3, "name": "chain",
                "conventions": ["openinference"], "session_id": "h1"},
            "steps": [
                r#"retrieve "key" -> {"content":[{"document":{"content":"The small key is for the shed.","score":"0.5"}}]} 1s"#,
                r#"respond {"content":"Which key is it?","model":"m2"} -> {"content":"The small one."} 1s"#,
            ]}),
        ],
        &[],
    );
}

#[test]
fn spans_of_the_ai_sdk_as_programs_print_them() {
    wants(
        SAMPLES[5],
        "otlp",
        &[
            json!({"trace_id": "otlp:cc01", "query": "Rhyme on sea", "result": "Tea.", "model": "m3", "total_tokens": 7,
                "started_at": 1_767_600_000.0, "ended_at": 1_767_600_002.5, "total_latency_seconds": 2.5,
                "metadata": {"source": "otlp", "file": "a.json", "trace_id": "cc01", "spans": 2, "name": "ai.generateText", "conventions": ["ai_sdk"]},
                "steps": [r#"respond {"content":"Rhyme on sea"} -> {"content":"Tea."} 1.999s"#]}),
            json!({"trace_id": "otlp:cc02", "query": "", "started_at": 1_767_600_000.0, "ended_at": 1_767_600_001.0, "total_latency_seconds": 1.0,
                "metadata": {"source": "otlp", "file": "a.json", "trace_id": "cc02", "spans": 1, "name": "ai.toolCall", "conventions": ["ai_sdk"]},
                "steps": [r#"tool_call {"arguments":{"day":1},"tool":"tide"} -> {"content":"high"} 1s"#]}),
        ],
        &[],
    );
}

#[test]
fn a_tool_without_a_span_of_its_own_is_a_step_by_what_the_model_read() {
    let text = String::from_utf8(SAMPLES[3].1.to_vec()).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("execute_tool")).collect();
    let (whole, part) = (read_all(SAMPLES[3].1).1, read_all(without.join("\n").as_bytes()).1);
    let timeless = |trace: &Trace| {
        trace
            .steps
            .iter()
            .map(|step| (step.step_type.clone(), step.output.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!((part[0].steps.len(), timeless(&part[0])), (3, timeless(&whole[0])));
}

#[test]
fn spans_of_several_conventions_in_one_file_and_what_was_said_in_events() {
    let other: Value = serde_json::from_slice(SAMPLES[4].1).unwrap();
    let said = json!([{"role": "user", "content": "Row or sail?"}]).to_string();
    let event = json!({"name": "gen_ai.content.prompt", "attributes": [{"key": "gen_ai.prompt", "value": {"stringValue": said}}]});
    let kind = json!({"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}});
    let span = json!({"traceId": "dd01", "spanId": "x", "name": "chat", "attributes": [kind], "events": [event]});
    let last = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let mixed = [SAMPLES[3].1, format!("{other}\n{last}\n").as_bytes()].concat();
    let (_, traces, _) = read_all(&mixed);
    let read: Vec<(&str, &str)> = traces
        .iter()
        .map(|trace| (trace.trace_id.as_str(), trace.query.as_str()))
        .collect();
    let first = ("otlp:aa01", "When does the ferry leave?");
    assert_eq!(
        read,
        [
            first,
            ("otlp:aa02", ""),
            ("otlp:bb01", "Which key is it?"),
            ("otlp:dd01", "Row or sail?")
        ]
    );
}

/// The queries and results of spans with these attributes and events.
fn of_spans(spans: Value) -> Vec<(String, Option<String>, String)> {
    let file = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    let each = read_all(file.to_string().as_bytes()).1.into_iter();
    let kinds = |trace: &Trace| {
        trace
            .steps
            .iter()
            .map(|step| step.step_type.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    each.map(|trace| (trace.query.clone(), trace.result.clone(), kinds(&trace)))
        .collect()
}

#[test]
#[allow(clippy::too_many_lines)] // a table
fn spans_of_each_convention_give_the_question_and_the_answer() {
    let text = |value: Value| value.to_string();
    let user = json!({"role": "user", "content": "Italy?"});
    let model = json!({"role": "assistant", "content": "Rome."});
    let events = json!([
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Italy?"},
        {"event.name": "gen_ai.choice", "index": 0, "message": model},
    ]);
    for attributes in [
        json!({"gen_ai.operation.name": "chat", "gen_ai.input.messages": text(json!([{"role": "user", "parts": [{"type": "text", "content": "Italy?"}]}])),
            "gen_ai.output.messages": text(json!([{"role": "assistant", "parts": [{"type": "text", "content": "Rome."}], "finish_reason": "stop"}]))}),
        json!({"gen_ai.operation.name": "chat", "gen_ai.input.messages": [user], "gen_ai.output.messages": [model]}),
        json!({"gen_ai.operation.name": "chat", "gen_ai.input.messages": [text(user.clone())], "gen_ai.output.messages": [text(model.clone())]}),
        json!({"llm.request.type": "chat", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Italy?",
            "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "Rome."}),
        json!({"llm.request.type": "chat", "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": text(json!([{"type": "text", "text": "Italy?"}])),
            "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": text(json!([{"type": "text", "text": "Rome."}]))}),
        json!({"gen_ai.operation.name": "chat", "events": text(events.clone())}),
        json!({"agent_name": "a", "all_messages_events": text(events), "final_result": "Rome."}),
        json!({"gen_ai.agent.name": "a", "pydantic_ai.all_messages": text(json!([{"role": "user", "parts": [{"type": "text", "content": "Italy?"}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "Rome."}]}]))}),
        json!({"request_data": text(json!({"messages": [user], "model": "m"})), "response_data": text(json!({"message": model}))}),
        json!({"openinference.span.kind": "LLM", "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text", "llm.input_messages.0.message.contents.0.message_content.text": "Italy?",
            "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Rome."}),
        json!({"ai.operationId": "ai.generateText", "ai.prompt": text(json!({"prompt": "Italy?"})), "ai.result.text": "Rome."}),
        json!({"langfuse.observation.type": "generation", "langfuse.observation.input": text(json!([user])), "langfuse.observation.output": "Rome."}),
        json!({"mlflow.spanType": "\"CHAT_MODEL\"", "mlflow.spanInputs": text(json!({"messages": [user]})), "mlflow.spanOutputs": text(json!({"choices": [{"message": model}]}))}),
        json!({"gcp.vertex.agent.llm_request": text(json!({"contents": [{"role": "user", "parts": [{"text": "Italy?"}]}]})),
            "gcp.vertex.agent.llm_response": text(json!({"content": {"role": "model", "parts": [{"text": "Rome."}]}}))}),
    ] {
        let pairs: Vec<Value> = attributes
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) => json!({"key": key, "value": {"stringValue": text}}),
                other => json!({"key": key, "value": typed(other)}),
            })
            .collect();
        let found = of_spans(json!([{"traceId": "t", "spanId": "s", "name": "x", "attributes": pairs}]));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].0.as_str(), found[0].1.as_deref()),
            ("Italy?", Some("Rome.")),
            "{attributes}"
        );
    }
}

/// A typed value of OTLP.
fn typed(value: &Value) -> Value {
    match value {
        Value::Array(all) => json!({"arrayValue": {"values": all.iter().map(typed).collect::<Vec<_>>()}}),
        Value::Object(all) => {
            let pairs: Vec<Value> = all
                .iter()
                .map(|(key, value)| json!({"key": key, "value": typed(value)}))
                .collect();
            json!({"kvlistValue": {"values": pairs}})
        }
        Value::String(text) => json!({"stringValue": text}),
        other => json!({"doubleValue": other}),
    }
}

/// An agent with a model and a tool, which write their messages as events.
fn spans_with_events() -> Value {
    let event =
        |name: &str, fields: Value| json!({"name": name, "attributes": typed(&fields)["kvlistValue"]["values"]});
    let blocks = json!([{"toolUse": {"toolUseId": "1", "name": "atlas", "input": {"land": "Italy"}}}]).to_string();
    let result = json!([{"toolResult": {"toolUseId": "1", "content": [{"text": "Rome"}]}}]).to_string();
    let kind = |name: &str| json!([{"key": "gen_ai.operation.name", "value": {"stringValue": name}}]);
    let user = event("gen_ai.user.message", json!({"content": "[{\"text\": \"Italy?\"}]"}));
    json!([
        {"traceId": "t", "spanId": "a", "parentSpanId": "0000000000000000", "name": "invoke_agent", "startTimeUnixNano": "1", "attributes": kind("invoke_agent"),
            "events": [user, event("gen_ai.choice", json!({"message": "Rome.", "finish_reason": "end_turn"}))]},
        {"traceId": "t", "spanId": "b", "parentSpanId": "a", "name": "cycle", "startTimeUnixNano": "2",
            "events": [user, event("gen_ai.choice", json!({"message": blocks, "tool.result": result}))]},
        {"traceId": "t", "spanId": "c", "parentSpanId": "b", "name": "chat", "startTimeUnixNano": "3", "attributes": kind("chat"),
            "events": [user, event("gen_ai.choice", json!({"message": blocks}))]},
        {"traceId": "t", "spanId": "d", "parentSpanId": "b", "name": "execute_tool atlas", "startTimeUnixNano": "4",
            "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}}, {"key": "gen_ai.tool.name", "value": {"stringValue": "atlas"}},
                {"key": "gen_ai.tool.call.id", "value": {"stringValue": "1"}}],
            "events": [event("gen_ai.tool.message", json!({"role": "tool", "content": "{\"land\": \"Italy\"}", "id": "1"})),
                event("gen_ai.choice", json!({"message": "[{\"text\": \"Rome\"}]", "id": "1"}))]},
        {"traceId": "t", "spanId": "e", "parentSpanId": "b", "name": "chat", "startTimeUnixNano": "5", "attributes": kind("chat"),
            "events": [user, event("gen_ai.assistant.message", json!({"content": blocks})), event("gen_ai.tool.message", json!({"content": result})),
                event("gen_ai.choice", json!({"message": "[{\"text\": \"Rome.\"}]"}))]},
    ])
}

#[test]
fn events_tell_what_an_agent_its_model_and_its_tools_said() {
    let file = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans_with_events()}]}]});
    let (_, traces, _) = read_all(file.to_string().as_bytes());
    let only = said(&traces[0]);
    assert_eq!((&only["query"], &only["result"]), (&json!("Italy?"), &json!("Rome.")));
    assert_eq!(
        only["steps"],
        json!([
            r#"generate {"content":"Italy?"} -> {}"#,
            r#"tool_call {"arguments":{"land":"Italy"},"tool":"atlas"} -> {"content":[{"text":"Rome"}]}"#,
            r#"respond {"content":"Rome"} -> {"content":"Rome."}"#,
        ])
    );
}

#[test]
fn log_records_add_their_messages_to_their_spans() {
    let body = |fields: Value| json!({"kvlistValue": typed(&fields)["kvlistValue"]});
    let record = |span: &str, name: &str, fields: Value| json!({"traceId": "t", "spanId": span, "eventName": name, "body": body(fields)});
    let logs = |span: &str| {
        let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "atlas"}}]});
        json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [
            record(span, "gen_ai.user.message", json!({"content": "Italy?"})),
            record(span, "gen_ai.choice", json!({"index": 0.0, "message": {"content": "Rome."}})),
            record(span, "another.event", json!({"content": "no"})),
            {"body": {"stringValue": "a log line"}},
        ]}]}]})
    };
    let spans = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "t", "spanId": "s", "name": "chat m",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]}]}]}]});
    for file in [
        format!("{spans}\n{}", logs("s")),
        format!("{}\n{spans}", logs("s")),
        logs("s").to_string(),
    ] {
        let (_, traces, skipped) = read_all(file.as_bytes());
        assert_eq!((traces.len(), skipped), (1, Vec::new()), "{file}");
        assert_eq!(
            (traces[0].query.as_str(), traces[0].result.as_deref()),
            ("Italy?", Some("Rome.")),
            "{file}"
        );
        assert_eq!(traces[0].metadata["service"], "atlas", "{file}");
    }
}

/// Spans that share an id, as faulty programs write them: the first gets the records.
#[test]
fn log_records_find_their_spans_among_many() {
    let texts =
        |count: usize, of: fn(usize) -> Value| (0..count).map(|number| of(number).to_string()).collect::<Vec<_>>();
    let spans = texts(300, |number| {
        json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "t", "spanId": format!("s{}", number / 2),
            "name": "chat", "startTimeUnixNano": 1_767_600_000_000_000_000_u64 + number as u64}]}]}]})
    });
    let records = texts(150, |number| {
        let attributes = json!([{"key": "content", "value": {"stringValue": format!("q{number}")}}]);
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"traceId": "t", "spanId": format!("s{number}"),
            "eventName": "gen_ai.choice", "attributes": attributes}]}]}]})
    });
    let (_, traces, skipped) = read_all([spans, records].concat().join("\n").as_bytes());
    assert_eq!((traces.len(), skipped.len()), (1, 0));
    assert_eq!(traces[0].metadata["spans"], 300);
    let answers: Vec<&Value> = traces[0].steps.iter().map(|step| &step.output["content"]).collect();
    assert_eq!(
        answers,
        (0..150)
            .map(|number| json!(format!("q{number}")))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn rows_are_spans_and_a_link_within_the_trace_is_the_parent() {
    let row = |id: &str, more: Value| {
        let mut row = json!({"trace_id": "t", "span_id": id, "span_name": id, "attributes": {}, "start_timestamp": "2026-01-05T08:00:00Z", "end_timestamp": "2026-01-05T08:00:02Z"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{row}\n")
    };
    let chat = json!({"gen_ai.operation.name": "chat", "gen_ai.input.messages": [{"role": "user", "content": "Italy?"}],
        "gen_ai.output.messages": [{"role": "assistant", "content": "Rome."}]});
    let linked = json!({"attributes": chat, "start_timestamp": "2026-01-05T07:59:59Z", "links": [{"trace_id": "t", "span_id": "root"}]});
    let (dialect, traces, _) = read_all([row("task", linked), row("root", json!({}))].concat().as_bytes());
    assert_eq!(
        (dialect, traces.len(), &traces[0].metadata["name"]),
        (Dialect::Otlp, 1, &json!("root"))
    );
    assert_eq!(
        (traces[0].query.as_str(), traces[0].total_latency_seconds),
        ("Italy?", Some(2.0))
    );
}

#[test]
fn langfuse_exports() {
    let (_, traces, _) = read_all(SAMPLES[6].1);
    let said = said(&traces[0]);
    assert_eq!(
        said,
        json!({"trace_id": "langfuse:lf-1", "query": "Which room?", "result": "Room 5.", "model": "m4", "feedback": 1.0,
        "total_tokens": 21, "started_at": 1_767_600_000.0, "ended_at": 1_767_600_004.0, "total_latency_seconds": 4.0,
        "metadata": {"source": "langfuse", "file": "a.json", "name": "porter", "session_id": "night", "environment": "default",
            // A person's rating has priority over a model's. A toxicity of 0 does not rate the answer.
            "scores": {"toxicity": 0, "correctness": 0.5, "user-feedback": 1}, "feedback_is": "the score `user-feedback`"},
        "steps": [
            r#"generate {"content":"Which room?","model":"m4"} -> {} 1s"#,
            r#"tool_call {"arguments":{"floor":1},"tool":"key_rack"} -> {"error":"rack is locked"} 1s"#,
            r#"respond {"content":"Which room?","model":"m4"} -> {"content":"Room 5."} 1s"#,
        ]})
    );
    let page = format!(
        "{{\"data\": [{}], \"meta\": {{}}}}",
        String::from_utf8_lossy(SAMPLES[6].1)
    );
    assert_eq!(read_all(page.as_bytes()).1, traces, "a page of its interface");
}

#[test]
fn metadata_of_an_odd_shape_is_no_reason_to_stop() {
    let trace = json!({"id": "x", "timestamp": "2026-01-05T08:00:00Z", "observations": [{"id": "o", "type": "GENERATION", "metadata": [1]}]});
    assert_eq!(read_all(trace.to_string().as_bytes()).1[0].steps.len(), 1);
}

#[test]
fn langfuse_tables_of_traces_and_of_observations() {
    let export: Value = serde_json::from_slice(SAMPLES[6].1).unwrap();
    let row = json!({"id": "lf-2", "timestamp": "2026-01-05T08:00:00Z", "bookmarked": false, "input": "Which floor?", "output": "One.", "scores": {}});
    let (dialect, traces, _) = read_all(row.to_string().as_bytes());
    assert_eq!(
        (dialect, traces[0].query.as_str(), traces[0].result.as_deref()),
        (Dialect::Langfuse, "Which floor?", Some("One."))
    );

    let observation = |value: &Value| {
        let mut value = value.clone();
        value["traceId"] = json!("lf-1");
        format!("{value}\n")
    };
    let lines: String = export["observations"]
        .as_array()
        .unwrap()
        .iter()
        .map(observation)
        .collect();
    let (dialect, traces, _) = read_all(lines.as_bytes());
    let whole = &read_all(SAMPLES[6].1).1[0];
    assert_eq!(
        (dialect, traces.len(), &traces[0].trace_id),
        (Dialect::Langfuse, 1, &whole.trace_id)
    );
    assert_eq!(
        (&traces[0].steps, &traces[0].query, &traces[0].result),
        (&whole.steps, &whole.query, &whole.result)
    );
}

/// The fields of a sample of the log.
fn facts_of(sample: Value) -> Value {
    let mut facts =
        json!({"source": "inspect", "file": "a.json", "task": "capitals", "run_id": "run-1", "run_status": "success"});
    facts
        .as_object_mut()
        .unwrap()
        .extend(sample.as_object().unwrap().clone());
    facts
}

#[test]
fn inspect_logs() {
    wants(
        INSPECT,
        "inspect",
        &[
            json!({"trace_id": "inspect:sample-1", "query": "Capital of Norway?", "result": "Oslo", "model": "acme/m5", "engine": "acme",
                "outcome": "success", "feedback": 1.0, "total_tokens": 9, "started_at": 1_767_600_000.0, "ended_at": 1_767_600_002.0,
                "total_latency_seconds": 1.5,
                "metadata": facts_of(json!({"sample": 1, "epoch": 1, "target": "Oslo", "scores": {"match": "C"},
                    "feedback_is": "the score of the log's scorer", "place": "/samples/0"})),
                "steps": [r#"respond {"query":"Capital of Norway?"} -> {"content":"Oslo"}"#]}),
            json!({"trace_id": "inspect:task-1:two:2", "query": "Capital of Chad?", "model": "acme/m5", "engine": "acme", "feedback": 0.5,
                "metadata": facts_of(json!({"sample": "two", "epoch": 2, "scores": {"match": "P"},
                    "feedback_is": "the score of the log's scorer", "place": "/samples/1"})),
                "steps": []}),
            // The log does not say which of its two scores counts.
            json!({"trace_id": "inspect:task-1:3:1", "query": "Capital of Peru?", "model": "acme/m5", "engine": "acme", "outcome": "failure",
                "metadata": facts_of(json!({"sample": 3, "epoch": 1, "scores": {"a": "C", "b": "I"}, "error": "out of time", "place": "/samples/2"})),
                "steps": []}),
        ],
        &["!/samples/3: a sample without its input"],
    );
}

/// A file in an archive: its path, and its bytes or the reason for a failure.
type Part = (String, Result<Vec<u8>, String>);

fn archive(parts: &[Part]) -> Archive<'_> {
    let content = |name: &str| parts.iter().find(|part| part.0 == name).unwrap().1.clone();
    Archive {
        names: parts.iter().map(|part| part.0.clone()).collect(),
        unpack: Box::new(content),
    }
}

#[test]
fn an_archive_of_inspect_says_the_same() {
    let log: Value = document::items(Cursor::new(INSPECT.1))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .value;
    let part = |name: &str, content: Result<Vec<u8>, String>| (name.to_owned(), content);
    let mut header = log.clone();
    header.as_object_mut().unwrap().remove("samples");
    let mut parts = vec![part("header.json", Ok(header.to_string().into_bytes()))];
    for (at, sample) in log["samples"].as_array().unwrap().iter().enumerate() {
        parts.push(part(
            &format!("samples/{at}_epoch_1.json"),
            Ok(sample.to_string().into_bytes()),
        ));
    }
    parts.push(part("samples/9_epoch_1.json", Err("damaged".to_owned())));
    let found: Vec<TraceResult> = read_archive("a.eval", archive(&parts)).unwrap().traces.collect();
    let names = |found: &[TraceResult]| {
        found
            .iter()
            .flatten()
            .map(|trace| (trace.trace_id.clone(), trace.result.clone()))
            .collect::<Vec<_>>()
    };
    let whole: Vec<TraceResult> = read("a.json", Cursor::new(INSPECT.1)).unwrap().traces.collect();
    assert_eq!(names(&found), names(&whole));
    let last = found.last().unwrap().as_ref().unwrap_err();
    assert_eq!(
        (last.place.to_string().as_str(), last.reason.as_str()),
        ("samples/9_epoch_1.json", "damaged")
    );
    let sealed = [part("header.json", Err("damaged".to_owned()))];
    let error = read_archive("a.eval", archive(&sealed)).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "its file header.json: damaged");
    let other = [part("word/document.xml", Ok(Vec::new()))];
    assert!(matches!(
        read_archive("a.docx", archive(&other)),
        Err(ImportError::NotALog)
    ));
}

#[test]
fn intercode_results() {
    let (_, traces, skipped) = read_all(SAMPLES[7].1);
    let short = |trace: &Trace| {
        (
            trace.query.clone(),
            trace.result.clone().unwrap(),
            trace.outcome.clone().unwrap(),
            trace.feedback.unwrap(),
        )
    };
    assert_eq!(
        short(&traces[0]),
        (
            "Count the files".into(),
            "execute[ls | wc -l]".into(),
            "success".into(),
            1.0
        )
    );
    assert_eq!(
        short(&traces[1]),
        ("Remove them".into(), "rm *".into(), "failure".into(), 0.25)
    );
    assert_eq!(
        said(&traces[0])["steps"][1],
        r#"tool_call {"action":"execute[ls | wc -l]","thought":"count"} -> {"content":"2\n","reward":0,"valid":true}"#
    );
    assert_eq!(
        (traces.len(), skipped),
        (2, vec!["!/2: a result without `turn_history`".to_owned()])
    );
}

#[test]
fn openhands_events() {
    let (_, traces, skipped) = read_all(SAMPLES[8].1);
    let first = said(&traces[0]);
    assert_eq!(
        (&first["query"], &first["result"]),
        (&json!("Write a note"), &json!("The note is there."))
    );
    assert_eq!((&first["model"], &first["total_tokens"]), (&json!("m6"), &json!(90)));
    assert_eq!(
        (first.get("started_at"), &first["total_latency_seconds"]),
        (None, &json!(2.0)),
        "its times have no zone"
    );
    assert_eq!(
        first["steps"],
        json!([
            r#"tool_call {"arguments":{"content":"hello","path":"note.txt"},"tool":"editor"} -> {"content":"note.txt written"} 0.25s"#,
            r#"respond {} -> {"content":"The note is there."}"#,
        ])
    );
    assert_eq!(
        (traces.len(), traces[1].query.as_str(), &traces[1].result),
        (2, "Thanks", &None)
    );
    assert_eq!(
        skipped,
        [
            "/1: an internal note of the program",
            "!/6: neither an action nor an observation"
        ]
    );
}

#[test]
fn sweagent_trajectories() {
    let (_, traces, skipped) = read_all(SAMPLES[9].1);
    let only = said(&traces[0]);
    assert_eq!(
        (&only["query"], &only["result"]),
        (&json!("Mend a.py"), &json!("diff --git a/a.py"))
    );
    assert_eq!(
        (&only["agent"], &only["model"], &only["total_tokens"]),
        (&json!("main"), &json!("m7"), &json!(107))
    );
    assert_eq!(
        (only.get("outcome"), &only["metadata"]["exit_status"]),
        (None, &json!("submitted")),
        "nobody judged it"
    );
    assert_eq!(
        only["steps"][0],
        r#"tool_call {"action":"ls","thought":"look"} -> {"content":"a.py"} 0.5s"#
    );
    assert_eq!((traces.len(), skipped.len()), (1, 0));
}

#[test]
fn toolbench_answers() {
    let (_, traces, _) = read_all(SAMPLES[10].1);
    let only = said(&traces[0]);
    assert_eq!(
        (&only["query"], &only["result"]),
        (&json!("Who sells ropes?"), &json!("Knots & Co."))
    );
    assert_eq!(
        (only.get("outcome"), &only["total_tokens"]),
        (None, &json!(77)),
        "that it ended is no judgement"
    );
    assert_eq!(
        only["steps"][0],
        r#"tool_call {"arguments":{"goods":"ropes"},"tool":"shops"} -> {"content":"[\"Knots & Co.\"]"}"#
    );
    assert_eq!(only["steps"].as_array().unwrap().len(), 2);
}

#[test]
fn traces_of_this_program_stay_as_they_are() {
    let (dialect, traces, skipped) = read_all(SAMPLES[11].1);
    assert_eq!(
        (dialect, traces[0].trace_id.as_str(), traces[0].feedback),
        (Dialect::Kaizen, "own-1", Some(1.0))
    );
    assert_eq!(traces[0].metadata, json!({"source": "elsewhere", "file": "a.json"}));
    assert!(
        skipped[0].starts_with("!line 2: not a trace: `soon` is not a time"),
        "{skipped:?}"
    );
}

#[test]
fn a_trace_with_an_empty_id_has_none() {
    let (_, traces, skipped) = read_all(b"{\"trace_id\": \"\", \"query\": \"q\"}");
    assert_eq!(
        (traces.len(), skipped),
        (0, vec!["!the whole file: a trace with an empty id".to_owned()])
    );
}

#[test]
fn what_nobody_knows_is_refused_and_what_is_mixed_is_told_apart() {
    for (bytes, words) in [
        (&b""[..], "empty"),
        (b"\x89PNG\r\n\x1a\n", "not JSON"),
        (b"[1, 2]", "known formats are chat conversations"),
        (b"{\"trace_id\": 1}", "its format is unknown"),
        (b"{\"messages\": [{\"role\":\n \"user\",", "line 2"),
        (
            b"{\"messages\": [{\"id\": 1}]}",
            "it looks like chat, but no message has a role",
        ),
        (
            b"{\"conversations\": [{\"text\": \"a\"}]}",
            "it looks like chat, but no message has a role",
        ),
        (
            b"{\"messages\": [{\"type\": \"user\"}, {\"role\": \"user\"}]}",
            "it looks like chat",
        ),
    ] {
        let error = read("x", Cursor::new(bytes)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let mixed = [CHAT.1, SAMPLES[11].1].concat();
    let (dialect, traces, skipped) = read_all(&mixed);
    assert_eq!((dialect, traces.len()), (Dialect::Chat, 3));
    assert!(
        skipped[2].contains("a value of the dialect kaizen in a file of the dialect chat"),
        "{skipped:?}"
    );
}

#[test]
fn a_name_decides_nothing() {
    for (name, bytes) in SAMPLES {
        let dialect = |name: &str| read(name, Cursor::new(bytes)).unwrap().dialect;
        assert_eq!(dialect(name), dialect("photo.png"), "{name}");
    }
}

/// Reads to the end; the test is that nothing panics.
fn survives(bytes: &[u8]) {
    if let Ok(reading) = read("x", Cursor::new(bytes)) {
        for trace in reading.traces.flatten() {
            assert!(!trace.trace_id.is_empty() && serde_json::to_string(&trace).is_ok());
        }
    }
    let part = |name: &str| (name.to_owned(), Ok(bytes.to_vec()));
    if let Ok(reading) = read_archive("x", archive(&[part("header.json"), part("samples/1.json")])) {
        reading.traces.for_each(drop);
    }
}

/// Values that replace another value.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!(-1)),
        Just(json!(1e308)),
        Just(json!(u64::MAX)),
        Just(json!("")),
        Just(json!("{\"role\":\"user\",\"content\":[[[{}]]]}")),
        Just(json!([{"role": "assistant", "content": {"type": "tool_use"}}])),
        Just(json!("9999-12-31T23:59:59.999999999-23:59")),
    ]
}

/// Replaces the n-th value of a tree, counted from its leaves up.
fn replace(value: &mut Value, left: &mut usize, by: &Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, left, by)),
        Value::Object(all) => all.values_mut().for_each(|value| replace(value, left, by)),
        _ => {}
    }
    if *left == 0 {
        *value = by.clone();
    }
    *left = left.wrapping_sub(1);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }

    #[test]
    fn no_cut_or_changed_sample_panics(which in 0..SAMPLES.len(), end in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let bytes = SAMPLES[which].1;
        survives(&bytes[..end.index(bytes.len())]);
        let mut changed = bytes.to_vec();
        changed[at.index(bytes.len())] = byte;
        survives(&changed);
    }

    #[test]
    fn no_odd_value_in_a_sample_panics(which in 0..SAMPLES.len(), at in 0..120_usize, by in odd()) {
        for item in document::items(Cursor::new(SAMPLES[which].1)).unwrap().flatten() {
            let mut value = item.value;
            replace(&mut value, &mut at.clone(), &by);
            survives(value.to_string().as_bytes());
            survives(Value::Array(vec![value.clone(), value]).to_string().as_bytes());
        }
    }
}
