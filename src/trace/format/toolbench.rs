//! ToolBench: the search tree of one question, of which the chain that led to the answer is the trace.

use serde_json::Value;

use super::conversation::told;
use super::document::Item;
use super::field::{count, facts, list, text, unwrapped};
use super::message::{Message, messages};
use super::{Found, blank};
use crate::artifact::trace::Trace;

/// The call that ends a chain.
const FINISH: &str = "Finish";

/// One file, one question, one trace.
pub(crate) fn trace(item: &Item) -> Found {
    let answer = &item.value["answer_generation"];
    let Some(query) = text(answer, "query") else {
        return Err(item
            .place
            .skipped("an answer without its question (`answer_generation.query`)"));
    };
    let tools = list(answer, "function")
        .iter()
        .filter_map(|tool| text(tool, "name"))
        .collect::<Vec<_>>();
    Ok(Trace {
        query,
        result: result(&answer["final_answer"]),
        total_tokens: count(&answer["total_tokens"]),
        // What was found was not judged by anybody: `win` says that the search came to an end.
        metadata: facts([
            ("win", item.value["win"].clone()),
            ("finish_type", answer["finish_type"].clone()),
            ("model_calls", answer["query_count"].clone()),
            ("tools", tools.into()),
        ]),
        steps: told(&chain(answer)).steps,
        ..blank::trace(blank::id("toolbench", None, &item.value))
    })
}

/// The last answer; it is written as the arguments of the call that ends the chain.
fn result(final_answer: &Value) -> Option<String> {
    match unwrapped(final_answer) {
        Value::String(answer) => Some(answer).filter(|answer| !answer.is_empty()),
        arguments => text(&arguments, "final_answer"),
    }
}

/// The longest chain that is kept: the others are its beginnings.
fn chain(answer: &Value) -> Vec<Message> {
    let chains = list(answer, "train_messages").iter();
    let longest = chains.max_by_key(|chain| chain.as_array().map_or(0, Vec::len));
    let mut said = longest.map(messages).unwrap_or_default();
    for message in &mut said {
        let last = message
            .calls
            .iter()
            .position(|call| call.tool == FINISH)
            .map(|at| message.calls.remove(at));
        if let Some(text) = last.and_then(|call| text(&call.arguments, "final_answer")) {
            message.text = text;
        }
    }
    said
}
