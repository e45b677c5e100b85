//! A few traces: what the agent was asked, and what it answered.

use maud::{Markup, html};

use crate::artifact::counted;
use crate::cli::report::facts::trace::TraceExamples;

/// The traces; texts that are too long end in an ellipsis.
pub(super) fn traces(examples: &TraceExamples, session: &str) -> Markup {
    html! {
        ul.traces {
            @for trace in &examples.shown {
                li {
                    @match &trace.query {
                        Some(query) => q.query { (query) },
                        None => span.query { "no longer stored" },
                    }
                    @if let Some(result) = &trace.result { span.answer { (result) } }
                    span.meta { (trace.id) @if let Some(outcome) = &trace.outcome { " · " (outcome) } }
                }
            }
        }
        @if examples.more > 0 {
            p.note { "And " (counted(examples.more, "more trace")) ", see " code { "sessions/" (session) "/evidence.jsonl" } "." }
        }
    }
}
