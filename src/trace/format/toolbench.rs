//! Reads a ToolBench search tree for one question. The chain that led to the answer becomes the trace.

use serde_json::Value;

use super::conversation::conversation_run;
use super::document::Item;
use super::field::{count, facts, list, text, unwrapped};
use super::message::{RecordedMessage, messages};
use super::{TraceResult, field};
use crate::artifact::trace::Trace;

/// The call that ends a chain.
const FINISH: &str = "Finish";

/// Reads the answer to one question as one trace.
pub(crate) fn trace(item: &Item) -> TraceResult {
    let answer = &item.value["answer_generation"];
    let Some(query) = text(answer, "query") else {
        return Err(item
            .place
            .skipped("an answer without a question (`answer_generation.query`)"));
    };
    let tools = list(answer, "function")
        .iter()
        .filter_map(|tool| text(tool, "name"))
        .collect::<Vec<_>>();
    Ok(Trace {
        query,
        result: result(&answer["final_answer"]),
        total_tokens: count(&answer["total_tokens"]),
        // No outcome: nobody rated the answer, and `win` only says that the search finished.
        metadata: facts([
            ("win", item.value["win"].clone()),
            ("finish_type", answer["finish_type"].clone()),
            ("model_calls", answer["query_count"].clone()),
            ("tools", tools.into()),
        ]),
        steps: conversation_run(&chain(answer)).steps,
        ..field::empty_trace(field::trace_id("toolbench", None, &item.value))
    })
}

/// The final answer, which ToolBench writes as the arguments of the call that ends the chain.
fn result(final_answer: &Value) -> Option<String> {
    match unwrapped(final_answer) {
        Value::String(answer) => Some(answer).filter(|answer| !answer.is_empty()),
        arguments => text(&arguments, "final_answer"),
    }
}

/// The longest chain in the file; the others are prefixes of it.
fn chain(answer: &Value) -> Vec<RecordedMessage> {
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
