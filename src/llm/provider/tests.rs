//! Golden requests and replies of each format.
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::artifact::spending::Usage;
use crate::llm::chat::{Message, Shape, Stop, ToolCall, ToolSpec};

fn settings(api: Api) -> ChatSettings {
    ChatSettings {
        api,
        model: Some("m".into()),
        temperature: Some(0.5),
        max_tokens: Some(9),
        ..ChatSettings::default()
    }
}

fn conversation() -> Request {
    let call = |raw: &str| ToolCall {
        id: "c1".into(),
        name: "add".into(),
        raw: raw.into(),
    };
    Request {
        system: "Be brief.".into(),
        messages: vec![
            Message::user("1+1?"),
            Message::Assistant {
                text: String::new(),
                calls: vec![call(r#"{"a": 1}"#)],
            },
            Message::Tool {
                call_id: "c1".into(),
                name: "add".into(),
                text: "2".into(),
            },
            Message::user("Sure?"),
        ],
        tools: vec![ToolSpec {
            name: "add".into(),
            description: "Adds.".into(),
            parameters: json!({"type": "object"}),
        }],
        seed: Some(7),
        ..Request::default()
    }
}

#[test]
fn openai_is_sent_chat_completions() {
    let wire = render(&settings(Api::Openai), &conversation());
    assert_eq!(wire.url, "https://api.openai.com/v1/chat/completions");
    assert_eq!(
        wire.body,
        json!({
            "model": "m", "temperature": 0.5, "max_completion_tokens": 9, "seed": 7,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "1+1?"},
                {"role": "assistant", "content": "", "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\": 1}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "2"},
                {"role": "user", "content": "Sure?"}],
            "tools": [{"type": "function", "function":
                {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}}]
        })
    );
}

#[test]
fn a_bare_host_gets_the_version_and_a_path_stays() {
    for (base, url) in [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions"),
        ("http://h/api/v3/", "http://h/api/v3/chat/completions"),
    ] {
        let settings = ChatSettings {
            base_url: Some(base.into()),
            ..settings(Api::Openai)
        };
        let wire = render(&settings, &Request::default());
        assert_eq!(wire.url, url);
        assert_eq!(wire.body["max_tokens"], 9, "other servers know the older name");
    }
    for base in ["http://h", "http://h/v1"] {
        let settings = ChatSettings {
            base_url: Some(base.into()),
            ..settings(Api::Anthropic)
        };
        assert_eq!(render(&settings, &Request::default()).url, "http://h/v1/messages");
    }
}

#[test]
fn anthropic_is_sent_turns_of_blocks() {
    let wire = render(&settings(Api::Anthropic), &conversation());
    assert_eq!(wire.headers, [("anthropic-version", "2023-06-01".to_owned())]);
    assert_eq!(
        wire.body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "1+1?"}]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "2"},
                {"type": "text", "text": "Sure?"}]}
        ])
    );
    assert_eq!(
        (&wire.body["system"], &wire.body["max_tokens"], wire.body.get("seed")),
        (&json!("Be brief."), &json!(9), None)
    );
}

#[test]
fn a_shape_is_asked_for_in_each_format() {
    let request = Request {
        shape: Some(Shape {
            name: "plan".into(),
            schema: json!({"type": "object"}),
        }),
        ..Request::default()
    };
    let openai = render(&settings(Api::Openai), &request).body;
    assert_eq!(openai["response_format"]["json_schema"]["name"], "plan");
    let anthropic = render(&settings(Api::Anthropic), &request).body;
    assert_eq!(anthropic["tool_choice"], json!({"type": "tool", "name": "plan"}));
    assert_eq!(
        render(&settings(Api::Ollama), &request).body["format"]["type"],
        "object"
    );
    let body = br#"{"content": [{"type": "tool_use", "id": "1", "name": "plan", "input": {"edits": []}}]}"#;
    let reply = read(Api::Anthropic, &request, body).unwrap();
    assert_eq!((reply.text.as_str(), reply.calls.len()), (r#"{"edits":[]}"#, 0));
}

#[test]
fn ollama_is_sent_options() {
    let body = render(&settings(Api::Ollama), &conversation()).body;
    assert_eq!(
        body["options"],
        json!({"temperature": 0.5, "num_predict": 9, "seed": 7})
    );
    assert_eq!(
        body["messages"][3],
        json!({"role": "tool", "tool_name": "add", "content": "2"})
    );
}

#[test]
fn replies_are_read() {
    let openai = json!({"model": "m-1", "choices": [{"finish_reason": "tool_calls", "message": {"content": null,
        "tool_calls": [{"id": "x", "function": {"name": "t", "arguments": "{\"a\""}}]}}],
        "usage": {"prompt_tokens": 140, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 40}}});
    let reply = read(Api::Openai, &Request::default(), openai.to_string().as_bytes()).unwrap();
    assert_eq!((reply.stop, reply.calls[0].raw.as_str()), (Stop::Tools, "{\"a\""));
    assert_eq!(
        reply.usage,
        Some(Usage {
            input: 100,
            cache_read: 40,
            cache_write: 0,
            output: 5
        })
    );
    let anthropic = json!({"content": [{"type": "thinking"}, {"type": "text", "text": "hi"}], "stop_reason": "max_tokens",
        "usage": {"input_tokens": 1, "cache_read_input_tokens": 606, "output_tokens": 2}});
    let reply = read(Api::Anthropic, &Request::default(), anthropic.to_string().as_bytes()).unwrap();
    assert_eq!(
        (reply.stop, reply.text.as_str(), reply.usage.map(|usage| usage.total())),
        (Stop::Length, "hi", Some(609))
    );
    let ollama = json!({"message": {"content": "", "tool_calls": [{"function": {"name": "t", "arguments": {"a": 1}}}]},
        "prompt_eval_count": 3, "eval_count": 4});
    let reply = read(Api::Ollama, &Request::default(), ollama.to_string().as_bytes()).unwrap();
    assert_eq!(
        (reply.calls[0].raw.as_str(), reply.usage.map(|usage| usage.total())),
        (r#"{"a":1}"#, Some(7))
    );
}

/// An invalid count means unknown usage. If it counted as 0, the call would seem to cost nothing.
#[test]
fn tokens_that_are_no_count_are_unknown() {
    for (usage, known) in [
        (json!({"prompt_tokens": 9, "completion_tokens": 1}), Some(10)),
        (json!({"prompt_tokens": 9.0, "completion_tokens": null}), Some(9)),
        (json!({}), None),
        (json!({"total_tokens": 10}), None),
        (json!({"prompt_tokens": -100, "completion_tokens": 1}), None),
        (json!({"prompt_tokens": 1e30, "completion_tokens": 1}), None),
        (json!({"prompt_tokens": u64::MAX, "completion_tokens": u64::MAX}), None),
        (json!({"prompt_tokens": "9", "completion_tokens": 1}), None),
        (
            json!({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": []}}),
            None,
        ),
        (json!([9]), None),
        (json!(null), None),
    ] {
        let body = json!({"choices": [{"message": {"content": "x"}}], "usage": usage}).to_string();
        let reply = read(Api::Openai, &Request::default(), body.as_bytes()).unwrap();
        assert_eq!(reply.usage.map(|usage| usage.total()), known, "{body}");
    }
}

#[test]
fn what_is_no_reply_says_why() {
    for (api, body, part) in [
        (Api::Openai, "{\"choices\": [", "not JSON"),
        (Api::Openai, "<html>", "not JSON"),
        (Api::Openai, "[]", "no choice"),
        (Api::Openai, "{\"choices\": []}", "no choice"),
        (Api::Openai, "{\"choices\": 7}", "not a list"),
        (
            Api::Openai,
            "{\"choices\": [{\"message\": {\"content\": 7}}]}",
            "not a text",
        ),
        (
            Api::Openai,
            "{\"choices\": [{\"message\": {\"tool_calls\": [{}]}}]}",
            "without a name",
        ),
        (Api::Openai, "{\"error\": {\"message\": \"overloaded\"}}", "overloaded"),
        (Api::Anthropic, "{}", "no content"),
        (Api::Ollama, "{\"message\": \"hi\"}", "no message"),
    ] {
        let error = read(api, &Request::default(), body.as_bytes()).unwrap_err();
        assert!(error.0.contains(part), "{body}: {error}");
    }
    assert_eq!(complaint(br#"{"error": {"message": "a  b\nc"}}"#), "a b c");
    assert_eq!(complaint(b"<html>no</html>"), "<html>no</html>");
}

proptest! {
    #[test]
    fn no_body_panics(body in r#"([\[\]{}",: 0-9a-z]|"choices"|"message"|"content"|"tool_calls"|"function"|"name"|null)*"#) {
        for api in [Api::Openai, Api::Anthropic, Api::Ollama] {
            let _ = read(api, &conversation(), body.as_bytes());
        }
    }
}
