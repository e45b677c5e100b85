//! `codex exec --json`: events of items and turns; older releases wrap messages in `msg`.

use serde_json::Value;

use super::{PrintedRun, count, sum, with_cached};
use crate::artifact::spending::Usage;

/// Items that are the use of a tool.
const TOOLS: [&str; 3] = ["command_execution", "file_change", "web_search"];

/// The run; `None` if the events are of another kind.
pub(super) fn read(events: &[Value]) -> Option<PrintedRun> {
    let is_known = |event: &Value| {
        let kind = event["type"].as_str().unwrap_or_default();
        ["thread.", "turn.", "item."]
            .iter()
            .any(|begin| kind.starts_with(begin))
            || event["msg"]["type"].is_string()
    };
    if !events.iter().any(is_known) {
        return None;
    }
    let mut run = PrintedRun::default();
    for event in events {
        match event["type"].as_str() {
            Some("item.completed") => add_item(&mut run, &event["item"]),
            Some("turn.completed") => {
                let of_turn = tokens(&event["usage"]);
                run.usage = run.usage.into_iter().chain(of_turn).reduce(sum);
            }
            _ => add_message(&mut run, &event["msg"]),
        }
    }
    Some(run)
}

fn add_item(run: &mut PrintedRun, item: &Value) {
    let kind = item["type"]
        .as_str()
        .or_else(|| item["item_type"].as_str())
        .unwrap_or_default();
    match kind {
        "agent_message" | "assistant_message" => run.answer = item["text"].as_str().unwrap_or_default().to_owned(),
        "mcp_tool_call" => run.add_tool(item["tool"].as_str()),
        kind if TOOLS.contains(&kind) => run.add_tool(Some(kind)),
        _ => {}
    }
}

/// An event of an older release.
fn add_message(run: &mut PrintedRun, message: &Value) {
    match message["type"].as_str() {
        Some("agent_message") => run.answer = message["message"].as_str().unwrap_or_default().to_owned(),
        Some("session_configured") => run.model = message["model"].as_str().map(str::to_owned),
        Some("exec_command_begin") => run.add_tool(Some("command_execution")),
        Some("mcp_tool_call_begin") => run.add_tool(message["invocation"]["tool"].as_str()),
        // The sum so far.
        Some("token_count") => {
            let total = tokens(&message["info"]["total_token_usage"]).or_else(|| tokens(message));
            run.usage = total.or(run.usage);
        }
        _ => {}
    }
}

fn tokens(usage: &Value) -> Option<Usage> {
    usage.get("input_tokens")?;
    let [input, cached, output] =
        ["input_tokens", "cached_input_tokens", "output_tokens"].map(|name| count(&usage[name]));
    Some(with_cached(input, cached, output))
}
