//! Gemini CLI: one object with `response` and `stats`, or a stream of events from `init` to `result`.

use serde_json::Value;

use super::{PrintedRun, count, sum, with_cached};
use crate::artifact::spending::Usage;

/// The run; `None` if the values are of another kind.
pub(super) fn read(events: &[Value]) -> Option<PrintedRun> {
    match events.iter().rev().find(|event| event.get("response").is_some()) {
        Some(result) => Some(of_object(result)),
        None if events.iter().any(|event| event["type"] == "init") => Some(of_stream(events)),
        None => None,
    }
}

fn of_object(result: &Value) -> PrintedRun {
    let stats = &result["stats"];
    let mut run = PrintedRun {
        answer: result["response"].as_str().unwrap_or_default().to_owned(),
        model: most_used(&stats["models"]),
        usage: of_models(&stats["models"]),
        ..PrintedRun::default()
    };
    for name in stats["tools"]["byName"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        run.add_tool(Some(name));
    }
    run
}

fn most_used(models: &Value) -> Option<String> {
    let models = models.as_object()?.iter();
    let most = models.max_by_key(|(_, of)| count(&of["tokens"]["total"]))?;
    Some(most.0.clone())
}

/// The tokens of all models. `prompt` includes what came from a cache, but not the results of the server's own tools.
fn of_models(models: &Value) -> Option<Usage> {
    let of_model = |model: &Value| {
        let [prompt, tool, cached, candidates, thoughts] =
            ["prompt", "tool", "cached", "candidates", "thoughts"].map(|name| count(&model["tokens"][name]));
        with_cached(prompt.saturating_add(tool), cached, candidates.saturating_add(thoughts))
    };
    models.as_object()?.values().map(of_model).reduce(sum)
}

/// The last message is what came after the last use of a tool, in pieces.
fn of_stream(events: &[Value]) -> PrintedRun {
    let mut run = PrintedRun::default();
    let mut is_new = true;
    for event in events {
        match event["type"].as_str() {
            Some("init") => run.model = event["model"].as_str().map(str::to_owned),
            Some("message") if event["role"] == "assistant" => {
                let piece = event["content"].as_str().unwrap_or_default();
                if is_new || event["delta"] != true {
                    run.answer.clear();
                }
                run.answer.push_str(piece);
                is_new = false;
            }
            Some("tool_use") => {
                run.add_tool(event["tool_name"].as_str());
                is_new = true;
            }
            Some("result") => run.usage = of_result(&event["stats"]),
            _ => {}
        }
    }
    run
}

fn of_result(stats: &Value) -> Option<Usage> {
    stats.get("input_tokens")?;
    let [input, cached, output] = ["input_tokens", "cached", "output_tokens"].map(|name| count(&stats[name]));
    Some(with_cached(input, cached, output))
}
