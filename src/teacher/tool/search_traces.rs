//! `search_traces`: full-text search over past runs.

use serde_json::{Value, json};

use super::ToolContext;
use super::arguments::Arguments;
use super::list_traces::QUERY;
use super::told::{Said, cut};
use crate::artifact::trace::Trace;
use crate::llm::chat::ToolSpec;
use crate::llm::redact::Redactor;

/// Characters of a result in a list.
const RESULT: usize = 500;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "search_traces",
        "Past runs that hold all of the given words in id, query, result or agent, best match first. \"two words\" is a \
         phrase, trans* a beginning, OR an alternative; all other characters are plain text.",
        json!({
            "query": {"type": "string", "description": "The words to look for."},
            "limit": {"type": "integer", "default": 20, "description": "How many, at most 100."},
        }),
        &["query"],
    )
}

pub(super) fn call(desk: &ToolContext, given: &Arguments) -> Result<Said, String> {
    let most = given.limit(20);
    let mut found = (desk.briefing.search_traces)(given.text("query"), most)
        .map_err(|problem| format!("search_traces failed: {problem}"))?;
    found.truncate(most);
    let ids: Vec<String> = found.iter().map(|trace| trace.trace_id.clone()).collect();
    Ok(Said::json(found.iter().map(|trace| row(desk.redactor, trace)).collect()).showing(ids))
}

fn row(redactor: &Redactor, trace: &Trace) -> Value {
    let truncated = |of: usize| format!("...[result truncated from {of} chars]");
    json!({
        "trace_id": trace.trace_id,
        "query": cut(redactor, &trace.query, QUERY, |_| "...".into()),
        "result": trace.result.as_deref().map(|result| cut(redactor, result, RESULT, truncated)),
        "agent": trace.agent,
        "model": trace.model,
        "outcome": trace.outcome,
        "started_at": trace.started_at,
    })
}
