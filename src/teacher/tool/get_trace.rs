//! `get_trace`: one trace with its steps.

use serde_json::{Value, json};

use super::ToolContext;
use super::arguments::Arguments;
use super::told::{Said, cut};
use crate::artifact::trace::{Step, Trace};
use crate::llm::chat::ToolSpec;
use crate::llm::redact::Redactor;

/// Characters of a result.
const RESULT: usize = 6000;
/// Characters of a step.
const STEP: usize = 200;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "get_trace",
        "One past run in full: query, result (its first 6,000 characters), outcome, feedback, tokens, seconds, and \
         each step in about 200 characters.",
        json!({"trace_id": {"type": "string", "description": "As list_traces or search_traces shows it."}}),
        &["trace_id"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let id = given.text("trace_id");
    let trace = find(desk, id)?.ok_or_else(|| format!("Trace {id} not found"))?;
    Ok(Said::json(whole(desk.redactor, &trace)).showing([trace.trace_id]))
}

/// The trace among those at hand; else in the store, where search may have found an older one.
fn find(desk: &ToolContext, id: &str) -> Result<Option<Trace>, String> {
    let is_it = |trace: &&Trace| trace.trace_id == id;
    if let Some(trace) = desk.briefing.traces.iter().find(is_it) {
        return Ok(Some(trace.clone()));
    }
    let found = (desk.briefing.search_traces)(&format!("\"{id}\""), 100)?;
    Ok(found.into_iter().find(|trace| trace.trace_id == id))
}

fn whole(redactor: &Redactor, trace: &Trace) -> Value {
    let truncated = |of: usize| format!("...[result truncated from {of} chars]");
    json!({
        "trace_id": trace.trace_id,
        "query": trace.query,
        "agent": trace.agent,
        "model": trace.model,
        "outcome": trace.outcome,
        "feedback": trace.feedback,
        "result": trace.result.as_deref().map(|result| cut(redactor, result, RESULT, truncated)),
        "total_tokens": trace.total_tokens,
        "total_latency_seconds": trace.total_latency_seconds,
        "steps": trace.steps.iter().map(|one| step(redactor, one)).collect::<Vec<_>>(),
    })
}

/// One line about a step.
fn step(redactor: &Redactor, step: &Step) -> String {
    let (mut input, mut output) = (step.input.clone(), step.output.clone());
    redactor.value(&mut input);
    redactor.value(&mut output);
    let seconds = step
        .duration_seconds
        .map_or_else(String::new, |seconds| format!(" ({seconds} s)"));
    let line = format!("{}{seconds} input={input} output={output}", step.step_type);
    cut(redactor, &line, STEP, |_| "...".into())
}
