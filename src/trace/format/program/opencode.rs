//! `opencode run --format json`: an event for each text, use of a tool and end of a step.

use serde_json::Value;

use super::{PrintedRun, count, sum};
use crate::artifact::Money;
use crate::artifact::spending::Usage;

/// The run; `None` if the events are of another kind.
pub(super) fn read(events: &[Value]) -> Option<PrintedRun> {
    if !events.iter().any(|event| event.get("sessionID").is_some()) {
        return None;
    }
    let mut run = PrintedRun::default();
    let mut message = None;
    let mut cost = None;
    for event in events {
        let part = &event["part"];
        // Newer releases say which model a step used.
        run.model = event["modelID"].as_str().map(str::to_owned).or(run.model);
        match event["type"].as_str() {
            Some("text") => {
                // The texts of one message are one answer.
                let of_message = part["messageID"].as_str();
                if message != of_message || of_message.is_none() {
                    run.answer.clear();
                }
                message = of_message;
                run.answer.push_str(part["text"].as_str().unwrap_or_default());
            }
            Some("tool_use") => run.add_tool(part["tool"].as_str()),
            Some("step_finish") => {
                // Some releases have the numbers outside the part.
                let step = if part.is_object() { part } else { event };
                run.usage = run.usage.into_iter().chain(tokens(&step["tokens"])).reduce(sum);
                cost = step["cost"].as_f64().map(|usd| usd + cost.unwrap_or(0.0)).or(cost);
            }
            _ => {}
        }
    }
    run.cost_usd = cost.and_then(Money::from_usd);
    Some(run)
}

fn tokens(tokens: &Value) -> Option<Usage> {
    tokens.as_object()?;
    Some(Usage {
        input: count(&tokens["input"]),
        cache_read: count(&tokens["cache"]["read"]),
        cache_write: count(&tokens["cache"]["write"]),
        output: count(&tokens["output"]).saturating_add(count(&tokens["reasoning"])),
    })
}
