//! `list_traces`: the newest traces that fit, a line each.

use serde_json::{Value, json};

use super::ToolContext;
use super::arguments::Arguments;
use super::told::{Said, cut};
use crate::artifact::trace::{Filter, Trace};
use crate::llm::chat::ToolSpec;
use crate::llm::redact::Redactor;

/// Characters of a query in a list.
pub(super) const QUERY: usize = 500;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "list_traces",
        "Past runs of the agent, newest first: id, query, agent, model, outcome and feedback. Begin here, and look at \
         the failures (outcome \"failure\", or a low max_feedback). get_trace shows one in full.",
        json!({
            "limit": {"type": "integer", "default": 20, "description": "How many, at most 100."},
            "agent": {"type": "string", "description": "Only runs of the agent with this exact name."},
            "outcome": {"type": "string", "description": "Only runs with this outcome, such as success or failure."},
            "min_feedback": {"type": "number", "description": "Only rated runs with at least this feedback, 0 to 1."},
            "max_feedback": {"type": "number", "description": "Only rated runs with at most this feedback, 0 to 1."},
        }),
        &[],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let filter = Filter {
        agent: given.optional_text("agent").map(str::to_owned),
        outcome: given.optional_text("outcome").map(str::to_owned),
        ..Filter::default()
    };
    let (least, most) = (given.number("min_feedback"), given.number("max_feedback"));
    // A run without feedback is neither good nor bad.
    let rated = |trace: &Trace| {
        let fits =
            |feedback: f64| least.is_none_or(|least| feedback >= least) && most.is_none_or(|most| feedback <= most);
        (least.is_none() && most.is_none()) || trace.feedback.is_some_and(fits)
    };
    let wanted = desk
        .briefing
        .traces
        .iter()
        .filter(|trace| filter.matches(trace) && rated(trace));
    let shown: Vec<&Trace> = wanted.take(given.limit(20)).collect();
    let ids = shown.iter().map(|trace| trace.trace_id.clone());
    Ok(Said::json(shown.iter().map(|trace| row(desk.redactor, trace)).collect()).showing(ids))
}

fn row(redactor: &Redactor, trace: &Trace) -> Value {
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
