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

/// Bodies as servers and proxies really send them, with the answer, the thoughts, and the counts of tokens as (input,
/// read from the cache, output).
#[test]
#[allow(clippy::too_many_lines)] // a table
fn the_dialects_of_servers_are_read() {
    type Counts = Option<(u64, u64, u64)>;
    let rows: Vec<(&str, Api, String, &str, &str, Counts)> = vec![
        (
            "OpenAI",
            Api::Openai,
            json!({"id": "c", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": "Paris", "refusal": null, "annotations": []}}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11,
                    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0}}})
            .to_string(),
            "Paris",
            "",
            Some((5, 4, 2)),
        ),
        (
            "Azure, with filter results",
            Api::Openai,
            json!({"choices": [{"content_filter_results": {"hate": {"filtered": false, "severity": "safe"}}, "finish_reason": "stop",
                "message": {"content": "Paris", "role": "assistant"}}], "prompt_filter_results": [{"prompt_index": 0}]})
            .to_string(),
            "Paris",
            "",
            None,
        ),
        (
            "OpenRouter, with reasoning",
            Api::Openai,
            json!({"provider": "X", "choices": [{"native_finish_reason": "stop", "finish_reason": "stop", "error": null,
                "message": {"role": "assistant", "content": "Paris", "reasoning": "France.", "reasoning_details": [{"type": "reasoning.text"}]}}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 1, "cost": 0.01, "prompt_tokens_details": null}})
            .to_string(),
            "Paris",
            "France.",
            Some((3, 0, 1)),
        ),
        (
            "DeepSeek, after blank lines that keep the connection alive",
            Api::Openai,
            format!(
                "\n\n\n{}",
                json!({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Paris", "reasoning_content": "France."}}],
                    "usage": {"prompt_tokens": 10, "completion_tokens": 3, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 4}})
            ),
            "Paris",
            "France.",
            Some((4, 6, 3)),
        ),
        (
            "Moonshot",
            Api::Openai,
            json!({"choices": [{"message": {"content": "Paris"}}], "usage": {"prompt_tokens": 8, "completion_tokens": 1, "cached_tokens": 8}})
                .to_string(),
            "Paris",
            "",
            Some((0, 8, 1)),
        ),
        (
            "Mistral, with a list of parts",
            Api::Openai,
            json!({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "tool_calls": null, "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "France."}]}, {"type": "text", "text": "Paris"}]}}]})
            .to_string(),
            "Paris",
            "France.",
            None,
        ),
        (
            "vLLM, with null fields",
            Api::Openai,
            json!({"choices": [{"finish_reason": "stop", "stop_reason": null, "message": {"role": "assistant", "content": "Paris",
                "reasoning_content": null, "tool_calls": [], "function_call": null, "refusal": null}}],
                "usage": {"prompt_tokens": 5, "total_tokens": 6, "completion_tokens": 1, "prompt_tokens_details": null}, "prompt_logprobs": null})
            .to_string(),
            "Paris",
            "",
            Some((5, 0, 1)),
        ),
        (
            "llama.cpp, with timings only",
            Api::Openai,
            json!({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Paris"}}],
                "timings": {"cache_n": 20, "prompt_n": 7, "predicted_n": 2, "predicted_ms": 1.5}})
            .to_string(),
            "Paris",
            "",
            Some((7, 20, 2)),
        ),
        (
            "LM Studio, thoughts in the text",
            Api::Openai,
            json!({"choices": [{"message": {"content": "<think>\nFrance.\n</think>\n\nParis"}}], "stats": {}}).to_string(),
            "Paris",
            "\nFrance.\n",
            None,
        ),
        (
            "LiteLLM, with Anthropic behind it",
            Api::Openai,
            json!({"choices": [{"message": {"content": "Paris", "thinking_blocks": null, "provider_specific_fields": {}}}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 1, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30}})
            .to_string(),
            "Paris",
            "",
            Some((10, 60, 1)),
        ),
        (
            "a byte order mark",
            Api::Openai,
            format!("\u{feff}{}", json!({"choices": [{"message": {"content": "Paris"}}]})),
            "Paris",
            "",
            None,
        ),
        (
            "a stream that nobody asked for",
            Api::Openai,
            ": OPENROUTER PROCESSING\n\ndata: {\"model\": \"m\", \"choices\": [{\"delta\": {\"role\": \"assistant\", \"content\": \"Pa\"}, \"finish_reason\": null}]}\n\n\
             : keep-alive\n\ndata: {\"choices\": [{\"delta\": {\"role\": \"assistant\", \"content\": \"ris\", \"reasoning_content\": \"F\"}, \"finish_reason\": null}]}\n\n\
             data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"stop\"}]}\n\ndata: {\"choices\": [], \"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 2}}\n\ndata: [DONE]\n\n"
                .to_owned(),
            "Paris",
            "F",
            Some((3, 0, 2)),
        ),
        (
            "Anthropic, with thinking",
            Api::Anthropic,
            json!({"type": "message", "content": [{"type": "thinking", "thinking": "France.", "signature": "s"}, {"type": "text", "text": "Paris"}],
                "stop_reason": "end_turn", "usage": {"input_tokens": 3, "cache_read_input_tokens": 5, "output_tokens": 2}})
            .to_string(),
            "Paris",
            "France.",
            Some((3, 5, 2)),
        ),
        (
            "Anthropic's stream",
            Api::Anthropic,
            "event: message_start\ndata: {\"type\": \"message_start\", \"message\": {\"model\": \"m\", \"content\": [], \"usage\": {\"input_tokens\": 3, \"output_tokens\": 1}}}\n\n\
             event: content_block_start\ndata: {\"type\": \"content_block_start\", \"index\": 0, \"content_block\": {\"type\": \"text\", \"text\": \"\"}}\n\n\
             event: ping\ndata: {\"type\": \"ping\"}\n\n\
             event: content_block_delta\ndata: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"text_delta\", \"text\": \"Paris\"}}\n\n\
             event: message_delta\ndata: {\"type\": \"message_delta\", \"delta\": {\"stop_reason\": \"end_turn\"}, \"usage\": {\"output_tokens\": 2}}\n\n\
             event: message_stop\ndata: {\"type\": \"message_stop\"}\n\n"
                .to_owned(),
            "Paris",
            "",
            Some((3, 0, 2)),
        ),
        (
            "Ollama, with thinking",
            Api::Ollama,
            json!({"model": "m", "message": {"role": "assistant", "content": "Paris", "thinking": "France."}, "done_reason": "stop",
                "done": true, "prompt_eval_count": 4, "eval_count": 2})
            .to_string(),
            "Paris",
            "France.",
            Some((4, 0, 2)),
        ),
        (
            "Ollama's stream",
            Api::Ollama,
            "{\"message\": {\"role\": \"assistant\", \"content\": \"Pa\"}, \"done\": false}\n{\"message\": {\"role\": \"assistant\", \"content\": \"ris\"}, \"done\": false}\n\
             {\"message\": {\"content\": \"\"}, \"done\": true, \"done_reason\": \"stop\", \"prompt_eval_count\": 4, \"eval_count\": 2}\n"
                .to_owned(),
            "Paris",
            "",
            Some((4, 0, 2)),
        ),
    ];
    for (server, api, body, text, thoughts, counts) in rows {
        let reply =
            read(api, &Request::default(), body.as_bytes()).unwrap_or_else(|problem| panic!("{server}: {problem}"));
        assert_eq!(
            (reply.text.as_str(), reply.thoughts.as_str()),
            (text, thoughts),
            "{server}"
        );
        let known = reply.usage.map(|usage| (usage.input, usage.cache_read, usage.output));
        assert_eq!(known, counts, "{server}");
    }
}

#[test]
fn tool_calls_are_read_in_each_dialect() {
    let stream = "data: {\"choices\": [{\"delta\": {\"tool_calls\": [{\"index\": 0, \"id\": \"x\", \"type\": \"function\", \"function\": {\"name\": \"t\", \"arguments\": \"\"}}]}}]}\n\n\
        data: {\"choices\": [{\"delta\": {\"tool_calls\": [{\"index\": 0, \"function\": {\"arguments\": \"{\\\"a\\\":\"}}]}}]}\n\n\
        data: {\"choices\": [{\"delta\": {\"tool_calls\": [{\"index\": 0, \"function\": {\"arguments\": \"1}\"}}]}, \"finish_reason\": \"tool_calls\"}]}\n\ndata: [DONE]\n";
    let events = "data: {\"type\": \"message_start\", \"message\": {}}\n\ndata: {\"type\": \"content_block_start\", \"index\": 0, \"content_block\": {\"type\": \"tool_use\", \"id\": \"x\", \"name\": \"t\", \"input\": {}}}\n\n\
        data: {\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"input_json_delta\", \"partial_json\": \"{\\\"a\\\":1}\"}}\n\ndata: {\"type\": \"message_stop\"}\n";
    for (api, body) in [
        (Api::Openai, json!({"choices": [{"message": {"tool_calls": [{"id": "x", "function": {"name": "t", "arguments": "{\"a\":1}"}}]}}]}).to_string()),
        (Api::Openai, json!({"choices": [{"message": {"tool_calls": [{"function": {"name": "t", "arguments": {"a": 1}}}]}}]}).to_string()),
        (Api::Openai, json!({"choices": [{"message": {"content": null, "function_call": {"name": "t", "arguments": "{\"a\":1}"}}}]}).to_string()),
        (Api::Openai, stream.to_owned()),
        (Api::Anthropic, events.to_owned()),
    ] {
        let reply = read(api, &Request::default(), body.as_bytes()).unwrap();
        assert_eq!((reply.stop, reply.calls.len()), (Stop::Tools, 1), "{body}");
        assert_eq!((reply.calls[0].name.as_str(), reply.calls[0].raw.as_str()), ("t", "{\"a\":1}"), "{body}");
    }
}

/// Failures that come with status 200.
#[test]
#[allow(clippy::too_many_lines)] // a table
fn a_failure_in_a_success_is_no_answer() {
    use crate::llm::failure::FailureKind::{Account, Address, Key, Length, Overload};
    let said = |text: Value, more: Value| {
        let mut reply = json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]});
        reply.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        reply.to_string()
    };
    let choice = |more: Value| {
        let mut choice = json!({"message": {"role": "assistant", "content": "par"}});
        choice
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"choices": [choice]}).to_string()
    };
    for (body, kind) in [
        (
            choice(json!({"finish_reason": "error", "error": {"code": 502, "message": "Provider returned error"}})),
            Some(Overload),
        ),
        (
            choice(json!({"error": {"code": 402, "message": "This request requires more credits"}})),
            Some(Account),
        ),
        (choice(json!({"finish_reason": "error"})), None),
        (choice(json!({"finish_reason": "network_error"})), None),
        (choice(json!({"finish_reason": "insufficient_system_resource"})), None),
        (
            json!({"error": {"message": "overloaded", "code": 503}}).to_string(),
            Some(Overload),
        ),
        (json!({"error": "model is loading"}).to_string(), Some(Overload)),
        (
            json!({"error": "Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"})
                .to_string(),
            Some(Address),
        ),
        (
            json!({"object": "error", "message": "This model's maximum context length is 10 tokens", "code": 400})
                .to_string(),
            Some(Length),
        ),
        (json!({"code": "InvalidApiKey", "message": "no"}).to_string(), Some(Key)),
        (
            json!({"error_code": 18, "error_msg": "Open api qps request limit reached"}).to_string(),
            Some(Overload),
        ),
        (json!({"detail": "Unauthorized"}).to_string(), Some(Key)),
        (
            said(
                json!(""),
                json!({"usage": {"prompt_tokens": 5, "completion_tokens": 0}}),
            ),
            None,
        ),
        (
            json!({"choices": [{"message": {"content": null}, "finish_reason": null}]}).to_string(),
            None,
        ),
        (json!({"choices": []}).to_string(), None),
        (json!({"choices": null}).to_string(), None),
        ("<!DOCTYPE html><html><head><title>Sign in</title>".to_owned(), None),
        (
            "data: {\"choices\": [{\"delta\": {\"content\": \"par\"}}]}\n\n".to_owned(),
            None,
        ),
        (
            "data: {\"error\": {\"message\": \"Overloaded\", \"type\": \"overloaded_error\"}}\n\n".to_owned(),
            Some(Overload),
        ),
        ("{\"choices\": [{\"message\": {\"content\": \"par".to_owned(), None),
    ] {
        match (read(Api::Openai, &Request::default(), body.as_bytes()), kind) {
            (Err(NoReply::Garbled(_)), None) => {}
            (Err(NoReply::Failure(complaint)), Some(kind)) => assert_eq!(complaint.kind(None), kind, "{body}"),
            (other, _) => panic!("{body}: {other:?}"),
        }
    }
}

/// Some servers send `error` in each reply.
#[test]
fn an_error_that_says_nothing_is_none() {
    for error in [json!(null), json!(false), json!(""), json!({}), json!([]), json!(0)] {
        let body = json!({"choices": [{"message": {"content": "Paris"}}], "error": error}).to_string();
        let reply = read(Api::Openai, &Request::default(), body.as_bytes());
        assert_eq!(reply.map(|reply| reply.text), Ok("Paris".to_owned()), "{body}");
    }
}

#[test]
fn an_empty_answer_counts_only_if_the_model_wrote_it() {
    let ollama = |more: Value| {
        let mut reply = json!({"message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "stop"});
        reply.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        reply.to_string()
    };
    let openai = |reason: Value, tokens: u64| {
        json!({"choices": [{"message": {"content": ""}, "finish_reason": reason}], "usage": {"completion_tokens": tokens}})
            .to_string()
    };
    for (api, body, counts) in [
        (Api::Openai, openai(json!("stop"), 3), true),
        (Api::Openai, openai(json!("stop"), 0), false),
        (Api::Openai, openai(json!(null), 3), false),
        (Api::Openai, openai(json!("length"), 0), true),
        (Api::Ollama, ollama(json!({})), true),
        (Api::Ollama, ollama(json!({"done_reason": "load"})), false),
        (
            Api::Ollama,
            ollama(json!({"done": false, "message": {"content": "Par"}})),
            false,
        ),
    ] {
        let read = read(api, &Request::default(), body.as_bytes());
        assert_eq!(read.is_ok(), counts, "{body}");
        assert!(counts || matches!(read, Err(NoReply::Garbled(_))), "{body}");
    }
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
        (Api::Openai, "{\"error\": {\"message\": \"overloaded\"}}", "overloaded"),
        (Api::Anthropic, "{}", "no content"),
        (Api::Ollama, "{\"message\": \"hi\"}", "no message"),
    ] {
        let error = read(api, &Request::default(), body.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(part), "{body}: {error}");
    }
}

proptest! {
    #[test]
    fn no_body_panics(body in r#"([\[\]{}",: 0-9a-z]|"choices"|"message"|"content"|"tool_calls"|"function"|"name"|null)*"#) {
        for api in [Api::Openai, Api::Anthropic, Api::Ollama] {
            let _ = read(api, &conversation(), body.as_bytes());
        }
    }
}
