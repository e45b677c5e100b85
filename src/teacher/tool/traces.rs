//! The tools that list, show and search past runs.

use serde_json::{Value, json};

use super::arguments::ToolArguments;
use super::output::{RawOutput, cut};
use super::page::note;
use super::{Tool, ToolContext};
use crate::artifact::trace::{Filter, Trace, TraceStep};
use crate::llm::redact::Redactor;

/// The largest number of characters shown of a query in a list.
const QUERY: usize = 500;
/// The largest number of characters shown of a result.
const WHOLE_RESULT: usize = 6000;
/// The largest number of characters shown of a step.
const STEP: usize = 200;
/// The largest number of hits of a search, on all of its pages.
const MOST_HITS: usize = 1000;
/// The largest number of characters shown of a result in a list.
const LISTED_RESULT: usize = 500;

/// The newest traces that match, one per line.
pub(super) const LIST_TRACES: Tool = Tool {
    name: "list_traces",
    about: "Past runs of the agent, newest first: id, query, agent, model, outcome and feedback. Start here, and look at \
         the failures (outcome \"failure\", or a low max_feedback). get_trace shows one run in full.",
    parameters: || {
        json!({
            "limit": {"type": "integer", "default": 20, "description": "How many, from 1 to 100."},
            "offset": {"type": "integer", "default": 0, "description": "The first row, from 0."},
            "agent": {"type": "string", "description": "Only runs of the agent with this exact name."},
            "outcome": {"type": "string", "description": "Only runs with this outcome, such as success or failure."},
            "min_feedback": {"type": "number", "description": "Only rated runs with at least this feedback, 0 to 1."},
            "max_feedback": {"type": "number", "description": "Only rated runs with at most this feedback, 0 to 1."},
        })
    },
    required: &[],
    call: list_traces,
};

/// One trace with its steps.
pub(super) const GET_TRACE: Tool = Tool {
    name: "get_trace",
    about: "One past run in full: query, result (first 6,000 characters), outcome, feedback, tokens, seconds, and \
         each step in about 200 characters, at most 100 of them.",
    parameters: || {
        json!({
            "trace_id": {"type": "string", "description": "The id, as shown by list_traces or search_traces."},
            "offset": {"type": "integer", "default": 0, "description": "The first step, from 0; for the rest of a long run."},
        })
    },
    required: &["trace_id"],
    call: get_trace,
};

/// Full-text search over past runs.
pub(super) const SEARCH_TRACES: Tool = Tool {
    name: "search_traces",
    about: "Past runs whose id, query, result or agent contain all given words, best match first. \"two words\" is a \
         phrase, trans* a prefix, OR an alternative; all other characters are plain text.",
    parameters: || {
        json!({
            "query": {"type": "string", "description": "The words to look for."},
            "limit": {"type": "integer", "default": 20, "description": "How many, from 1 to 100."},
            "offset": {"type": "integer", "default": 0, "description": "The first row, from 0."},
        })
    },
    required: &["query"],
    call: search_traces,
};

fn list_traces(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let filter = Filter {
        agent: arguments.optional_text("agent").map(str::to_owned),
        outcome: arguments.optional_text("outcome").map(str::to_owned),
        ..Filter::default()
    };
    let (least, most) = (arguments.number("min_feedback"), arguments.number("max_feedback"));
    // A run without feedback fits no feedback limit.
    let rated = |trace: &Trace| {
        let fits =
            |feedback: f64| least.is_none_or(|least| feedback >= least) && most.is_none_or(|most| feedback <= most);
        (least.is_none() && most.is_none()) || trace.rating().is_some_and(fits)
    };
    let wanted = context
        .briefing
        .traces
        .iter()
        .filter(|trace| filter.matches(trace) && rated(trace));
    let wanted: Vec<&Trace> = wanted.collect();
    let (shown, rows) = arguments.page(20)?.of(&wanted, |trace| listed(context.redactor, trace));
    let note = note(LIST_TRACES.name, &shown, Some(wanted.len()));
    let ids = wanted[shown].iter().map(|trace| trace.trace_id.clone());
    Ok(RawOutput::json(rows.into()).noting(note).showing(ids))
}

fn listed(redactor: &Redactor, trace: &Trace) -> Value {
    json!({
        "trace_id": trace.trace_id,
        "query": cut(redactor, &trace.query, QUERY, |_| "...".into()),
        "agent": trace.agent,
        "model": trace.model,
        "outcome": trace.outcome,
        "feedback": trace.feedback,
        "started_at": trace.started_at,
    })
}

fn get_trace(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let id = arguments.text("trace_id");
    let trace = find(context, id)?.ok_or_else(|| format!("Trace {id} not found"))?;
    let page = arguments.page(100)?;
    let (shown, steps) = page.of(&trace.steps, |one| step(context.redactor, one).into());
    let note = note(GET_TRACE.name, &shown, Some(trace.steps.len()));
    let mut output = whole(context.redactor, &trace);
    output["steps"] = steps.into();
    Ok(RawOutput::json(output).noting(note).showing([trace.trace_id]))
}

/// The trace from the briefing or, if it is older, from the store, where a search may have found it.
fn find(context: &ToolContext, id: &str) -> Result<Option<Trace>, String> {
    let is_it = |trace: &&Trace| trace.trace_id == id;
    if let Some(trace) = context.briefing.traces.iter().find(is_it) {
        return Ok(Some(trace.clone()));
    }
    let found = (context.briefing.search_traces)(&format!("\"{id}\""), 100)?;
    Ok(found.into_iter().find(|trace| trace.trace_id == id))
}

fn whole(redactor: &Redactor, trace: &Trace) -> Value {
    let truncated = |of: usize| format!("...[result truncated from {of} chars]");
    let shortened = |of: usize| format!("...[query truncated from {of} chars]");
    json!({
        "trace_id": trace.trace_id,
        "query": cut(redactor, &trace.query, WHOLE_RESULT, shortened),
        "agent": trace.agent,
        "model": trace.model,
        "outcome": trace.outcome,
        "feedback": trace.feedback,
        "result": trace.result.as_deref().map(|result| cut(redactor, result, WHOLE_RESULT, truncated)),
        "total_tokens": trace.total_tokens,
        "total_latency_seconds": trace.total_latency_seconds,
    })
}

/// A step in one line.
fn step(redactor: &Redactor, step: &TraceStep) -> String {
    let (mut input, mut output) = (step.input.clone(), step.output.clone());
    redactor.value(&mut input);
    redactor.value(&mut output);
    let seconds = step
        .duration_seconds
        .map_or_else(String::new, |seconds| format!(" ({seconds} s)"));
    let line = format!("{}{seconds} input={input} output={output}", step.step_type);
    cut(redactor, &line, STEP, |_| "...".into())
}

fn search_traces(context: &ToolContext, arguments: &ToolArguments) -> Result<RawOutput, String> {
    let page = arguments.page(20)?;
    // One more than the page has shows whether it is the last.
    let most = page.offset.saturating_add(page.limit).saturating_add(1).min(MOST_HITS);
    let mut found = (context.briefing.search_traces)(arguments.text("query"), most)
        .map_err(|problem| format!("search_traces failed: {problem}"))?;
    found.truncate(most);
    let (shown, rows) = page.of(&found, |trace| hit(context.redactor, trace));
    let note = note(SEARCH_TRACES.name, &shown, (found.len() < most).then_some(found.len()));
    let ids = found[shown].iter().map(|trace| trace.trace_id.clone());
    Ok(RawOutput::json(rows.into()).noting(note).showing(ids))
}

fn hit(redactor: &Redactor, trace: &Trace) -> Value {
    let truncated = |of: usize| format!("...[result truncated from {of} chars]");
    json!({
        "trace_id": trace.trace_id,
        "query": cut(redactor, &trace.query, QUERY, |_| "...".into()),
        "result": trace.result.as_deref().map(|result| cut(redactor, result, LISTED_RESULT, truncated)),
        "agent": trace.agent,
        "model": trace.model,
        "outcome": trace.outcome,
        "started_at": trace.started_at,
    })
}
