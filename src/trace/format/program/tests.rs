//! Tests of the outputs of agents' programs, in the forms that their documentation and their sources show.

use super::*;
use crate::manifest::speaks::ProgramDialect::{Aider, Amp, Claude, Codex, Gemini, Goose, Opencode};

/// What is read: answer, model, tools, tokens (input, from a cache, into a cache, output) and millionths of a dollar.
fn read(dialect: ProgramDialect, output: &str) -> Option<String> {
    let run = printed_run(dialect, output)?;
    let usage = run
        .usage
        .map(|of| format!("{}+{}+{}>{}", of.input, of.cache_read, of.cache_write, of.output));
    let cost = run.cost_usd.map(|cost| format!("{:.6}", cost.usd()));
    let parts = [run.model, Some(run.tools.join(",")), usage, cost].map(Option::unwrap_or_default);
    Some(format!("{} | {}", run.answer, parts.join(" | ")))
}

#[test]
#[allow(clippy::too_many_lines)] // a table
fn outputs_of_programs() {
    for (what, dialect, output, expected) in [
        (
            "claude, one object",
            Claude,
            r#"{"type":"result","subtype":"success","is_error":false,"num_turns":2,"result":"forty-two","session_id":"s",
                "total_cost_usd":0.25,"usage":{"input_tokens":3,"cache_creation_input_tokens":7,"cache_read_input_tokens":5,
                "output_tokens":2,"server_tool_use":{}},"modelUsage":{"claude-haiku":{"outputTokens":90,"costUSD":0.01},
                "claude-opus":{"outputTokens":2,"costUSD":0.24}}}"#,
            Some("forty-two | claude-opus |  | 3+5+7>2 | 0.250000"),
        ),
        (
            "claude, a stream with a sub-agent",
            Claude,
            "{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"claude-sonnet\",\"tools\":[\"Read\"]}\n\
             {\"type\":\"assistant\",\"parent_tool_use_id\":null,\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"Skill\"},\
             {\"type\":\"tool_use\",\"name\":\"Read\"},{\"type\":\"tool_use\",\"name\":\"Skill\"}]}}\n\
             {\"type\":\"assistant\",\"parent_tool_use_id\":\"t1\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"Bash\"}]}}\n\
             {\"type\":\"result\",\"subtype\":\"success\",\"result\":\"done\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}\n",
            Some("done | claude-sonnet | Skill,Read | 1+0+0>1 | "),
        ),
        (
            "claude, too many turns",
            Claude,
            r#"[{"type":"assistant","message":{"model":"m","content":[{"type":"text","text":"so far"}]}},
                {"type":"result","subtype":"error_max_turns","is_error":true}]"#,
            Some("so far | m |  |  | "),
        ),
        ("claude, text", Claude, "forty-two\n", None),
        ("claude, an answer in JSON", Claude, "{\"label\": \"a\"}\n", None),
        (
            "amp, a stream whose result has no tokens",
            Amp,
            "{\"type\":\"system\",\"subtype\":\"init\",\"tools\":[]}\n\
             {\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\
             \"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\
             {\"type\":\"assistant\",\"message\":{\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\
             {\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"a\"}",
            Some("a |  |  | 4+0+0>5 | "),
        ),
        (
            "codex, a turn with tools",
            Codex,
            "{\"type\":\"thread.started\",\"thread_id\":\"t\"}\n{\"type\":\"turn.started\"}\n\
             {\"type\":\"item.completed\",\"item\":{\"id\":\"0\",\"type\":\"agent_message\",\"text\":\"I look.\"}}\n\
             {\"type\":\"item.started\",\"item\":{\"type\":\"command_execution\",\"command\":\"ls\"}}\n\
             {\"type\":\"item.completed\",\"item\":{\"type\":\"command_execution\",\"command\":\"ls\",\"exit_code\":0}}\n\
             {\"type\":\"item.completed\",\"item\":{\"type\":\"mcp_tool_call\",\"server\":\"s\",\"tool\":\"search\"}}\n\
             {\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"forty-two\"}}\n\
             {\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":100,\"cached_input_tokens\":60,\"output_tokens\":5}}\n",
            Some("forty-two |  | command_execution,search | 40+60+0>5 | "),
        ),
        (
            "codex, an older release",
            Codex,
            "{\"id\":\"0\",\"msg\":{\"type\":\"session_configured\",\"model\":\"gpt-5\"}}\n\
             {\"id\":\"1\",\"msg\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"input_tokens\":9,\"cached_input_tokens\":4,\
             \"output_tokens\":2}}}}\n{\"id\":\"1\",\"msg\":{\"type\":\"agent_message\",\"message\":\"x\"}}\n",
            Some("x | gpt-5 |  | 5+4+0>2 | "),
        ),
        ("codex, text", Codex, "forty-two\n", None),
        (
            "gemini, after a line of text",
            Gemini,
            "Loaded cached credentials.\n{\n  \"session_id\": \"s\",\n  \"response\": \"forty-two\",\n  \"stats\": {\"models\": {\
             \"gemini-flash\": {\"tokens\": {\"prompt\": 10, \"candidates\": 2, \"total\": 12, \"cached\": 4, \"thoughts\": 3, \"tool\": 1}},\
             \"gemini-pro\": {\"tokens\": {\"prompt\": 20, \"candidates\": 1, \"total\": 21}}},\
             \"tools\": {\"byName\": {\"read_file\": {\"count\": 2}}}}\n}\n",
            Some("forty-two | gemini-pro | read_file | 27+4+0>6 | "),
        ),
        (
            "gemini, a stream",
            Gemini,
            "{\"type\":\"init\",\"model\":\"gemini-pro\",\"session_id\":\"s\"}\n\
             {\"type\":\"message\",\"role\":\"user\",\"content\":\"q\"}\n\
             {\"type\":\"message\",\"role\":\"assistant\",\"content\":\"I look.\",\"delta\":true}\n\
             {\"type\":\"tool_use\",\"tool_name\":\"read_file\",\"tool_id\":\"1\"}\n{\"type\":\"tool_result\",\"tool_id\":\"1\"}\n\
             {\"type\":\"message\",\"role\":\"assistant\",\"content\":\"forty-\",\"delta\":true}\n\
             {\"type\":\"message\",\"role\":\"assistant\",\"content\":\"two\",\"delta\":true}\n\
             {\"type\":\"result\",\"status\":\"success\",\"stats\":{\"total_tokens\":30,\"input_tokens\":20,\"output_tokens\":10,\"cached\":5}}\n",
            Some("forty-two | gemini-pro | read_file | 15+5+0>10 | "),
        ),
        (
            "opencode, two steps",
            Opencode,
            "{\"type\":\"step_start\",\"sessionID\":\"ses\",\"part\":{\"type\":\"step-start\",\"messageID\":\"m1\"}}\n\
             {\"type\":\"text\",\"sessionID\":\"ses\",\"part\":{\"messageID\":\"m1\",\"type\":\"text\",\"text\":\"I look.\"}}\n\
             {\"type\":\"tool_use\",\"sessionID\":\"ses\",\"part\":{\"messageID\":\"m1\",\"type\":\"tool\",\"tool\":\"bash\"}}\n\
             {\"type\":\"step_finish\",\"sessionID\":\"ses\",\"part\":{\"type\":\"step-finish\",\"cost\":0.001,\"tokens\":{\"input\":10,\
             \"output\":2,\"reasoning\":1,\"cache\":{\"read\":3,\"write\":4}}}}\n\
             {\"type\":\"text\",\"sessionID\":\"ses\",\"part\":{\"messageID\":\"m2\",\"type\":\"text\",\"text\":\"forty-\"}}\n\
             {\"type\":\"text\",\"sessionID\":\"ses\",\"modelID\":\"big-pickle\",\"part\":{\"messageID\":\"m2\",\"text\":\"two\"}}\n\
             {\"type\":\"step_finish\",\"sessionID\":\"ses\",\"part\":{\"cost\":0.002,\"tokens\":{\"input\":1,\"output\":1}}}\n",
            Some("forty-two | big-pickle | bash | 11+3+4>4 | 0.003000"),
        ),
        ("opencode, text", Opencode, "forty-two\n", None),
        (
            "goose, text",
            Goose,
            "starting session | provider: openai model: gpt-4o\n    session id: 20260101_1\n    working directory: /w\n\nforty-two\n",
            Some("forty-two | gpt-4o |  |  | "),
        ),
        ("goose, quiet", Goose, "forty-two\n", None),
        (
            "goose, one object",
            Goose,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"q"}]},
                {"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"toolRequest","id":"1",
                "toolCall":{"status":"success","value":{"name":"developer__shell"}}}]},
                {"role":"assistant","content":[{"type":"text","text":"forty-two"}]}],
                "metadata":{"total_tokens":12,"status":"completed"}}"#,
            Some("forty-two |  | developer__shell |  | "),
        ),
        (
            "goose, a stream",
            Goose,
            "{\"type\":\"message\",\"message\":{\"id\":\"a\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"forty-\"}]}}\n\
             {\"type\":\"message\",\"message\":{\"id\":\"a\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"two\"}]}}\n\
             {\"type\":\"complete\",\"total_tokens\":12}\n",
            Some("forty-two |  |  |  | "),
        ),
        (
            "aider, a message with an edit",
            Aider,
            "Aider v0.86.1\nMain model: sonnet with diff edit format\nWeak model: haiku\nGit repo: .git with 3 files\n\
             Repo-map: using 4096 tokens, auto refresh\n\nThe answer is forty-two.\n\n\
             Tokens: 2.1k sent, 1.5k cache hit, 180 received. Cost: $0.01 message, $0.02 session.\nApplied edit to a.py\n",
            Some("The answer is forty-two. | sonnet | edit | 2100+1500+0>180 | 0.010000"),
        ),
        ("aider, only text", Aider, "forty-two\n", None),
    ] {
        assert_eq!(read(dialect, output).as_deref(), expected, "{what}");
    }
}

#[test]
fn garbage_is_no_run() {
    for dialect in [Claude, Amp, Codex, Gemini, Opencode, Goose, Aider] {
        for output in [
            "",
            "\n",
            "{",
            "[]",
            "[1, null]",
            "{}",
            "null",
            "{\"type\": 7}\n{\"type\": []}",
            "\u{feff}",
            "{\"usage\":",
        ] {
            assert_eq!(read(dialect, output), None, "{dialect:?} {output:?}");
        }
    }
}
