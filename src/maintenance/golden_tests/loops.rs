//! Golden cases of the teacher's tool-calling loop.

use serde_json::{Map, Value, json};

use super::{Outcome, close, defect, same};
use crate::artifact::Money;
use crate::digest::Digest;
use crate::llm::chat::{Message, Reply, Stop, ToolCall};
use crate::llm::model::{AskError, ModelAnswer};
use crate::teacher::chat::{LoopEnd, LoopLimits, tool_loop};

pub(crate) fn teacher_loop(_: &Value, case: &Value) -> Outcome {
    let script = case["script"].as_array().ok_or("no script")?;
    let limits = LoopLimits {
        max_turns: case["limits"]["max_turns"].as_u64().map_or(30, |turns| turns as usize),
        max_cost_usd: case["limits"]["max_cost"].as_f64().and_then(Money::from_usd),
    };
    let (mut asked, mut spent) = (0, Money::ZERO);
    let mut ask = |_: &[Message]| {
        let said = &script[asked];
        let cost = Money::from_usd(said["cost"].as_f64().unwrap_or(0.0)).unwrap();
        // Like the budget of the client: a call that may exceed the limit is not made.
        if defect(case) == Some("k") && limits.max_cost_usd.is_some_and(|most| spent + cost > most) {
            return Err(AskError::OverBudget("too expensive".into()));
        }
        (asked, spent) = (asked + 1, spent + cost);
        Ok(answer(said, cost))
    };
    let looped = tool_loop(vec![Message::user("q")], limits, &mut ask, &mut tool, &mut |_| {});
    match defect(case) {
        // OpenJarvis loses the last text of a model that has no turns left.
        Some("w") => {
            same("content", looped.content.as_str(), "thinking")?;
            same("ended", &looped.ended, &LoopEnd::Turns)?;
        }
        // OpenJarvis pays for a last turn that exceeds the limit.
        Some("k") => {
            same(
                "stayed within the limit",
                spent <= limits.max_cost_usd.unwrap_or_default(),
                true,
            )?;
            return same("turns", looped.turns, 1);
        }
        Some(other) => return Err(format!("unknown defect {other}")),
        None => same("content", looped.content.as_str(), case["content"].as_str().unwrap())?,
    }
    same("turns", looped.turns as u64, case["turns"].as_u64().unwrap())?;
    same("generate_calls", asked as u64, case["generate_calls"].as_u64().unwrap())?;
    same("tokens", looped.tokens, case["tokens"].as_u64().unwrap())?;
    close(
        "cost",
        looped.cost_usd.unwrap().usd(),
        case["cost"].as_f64().unwrap(),
        1e-12,
    )?;
    let records: Vec<Value> = looped.records.iter().map(record).collect();
    same("records", &Value::from(records), &case["records"])
}

fn record(record: &crate::teacher::chat::ToolRecord) -> Value {
    let result = match record.result.chars().count() {
        length @ 1000.. => format!("<{length} chars>"),
        _ => record.result.replace("\":\"", "\": \""),
    };
    json!({"tool": record.tool, "args": record.arguments, "result": result})
}

fn answer(said: &Value, cost: Money) -> ModelAnswer {
    let call = |(at, call): (usize, &Value)| ToolCall {
        id: at.to_string(),
        name: call[0].as_str().unwrap().to_owned(),
        raw: call[1].as_str().unwrap().to_owned(),
    };
    let calls = said["tools"].as_array().into_iter().flatten().enumerate().map(call);
    ModelAnswer {
        reply: Reply {
            text: said["content"].as_str().unwrap_or_default().to_owned(),
            thoughts: String::new(),
            calls: calls.collect(),
            stop: Stop::End,
            usage: None,
            model: None,
        },
        request: Digest::of_bytes(b""),
        cost_usd: Some(cost),
        seconds: None,
    }
}

/// The tool of the cases: it returns a number of letters, or fails.
fn tool(name: &str, arguments: &Map<String, Value>) -> String {
    match (name, arguments.get("boom")) {
        ("echo", None) => "x".repeat(arguments.get("n").and_then(Value::as_u64).unwrap_or(3) as usize),
        ("echo", Some(_)) => json!({"error": "boom"}).to_string(),
        _ => json!({"error": format!("Unknown tool: {name}")}).to_string(),
    }
}
