//! The traces behind an edit or a cluster: query, answer and outcome of a few. No trace of a held-out task is shown.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::source::ReportSource;
use crate::artifact::trace::Trace;
use crate::cli::report::veil::{ShownText, Veil};
use crate::workspace::session::Session;

/// The maximum number of traces of a session that are looked up in the store; most are in the session's own file.
const MOST_LOOKED_UP: usize = 100;

/// One run of the agent, in short.
#[derive(Clone, Debug)]
pub(crate) struct TraceExcerpt {
    /// Its id.
    pub id: ShownText,
    /// The query; `None` if the trace is no longer stored.
    pub query: Option<ShownText>,
    /// The agent's answer, if it has one.
    pub result: Option<ShownText>,
    /// `success`, `failure` or another word, if it has one.
    pub outcome: Option<ShownText>,
}

/// The first of some traces.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceExamples {
    /// Those that are shown.
    pub shown: Vec<TraceExcerpt>,
    /// The number of the others.
    pub more: usize,
}

/// The traces of a session.
pub(crate) struct TraceShelf<'a> {
    source: &'a ReportSource<'a>,
    evidence: BTreeMap<String, Trace>,
    looked_up: Cell<usize>,
}

impl<'a> TraceShelf<'a> {
    /// Those that the teacher of a session read.
    pub(crate) fn of(source: &'a ReportSource<'a>, session: &Session) -> Self {
        Self {
            source,
            evidence: source.evidence(session),
            looked_up: Cell::new(0),
        }
    }

    /// Makes their texts fit to be shown.
    pub(super) fn veil(&self) -> &'a Veil {
        &self.source.veil
    }

    /// The first of these traces, at most `most`.
    pub(crate) fn examples(&self, ids: &[String], most: usize) -> TraceExamples {
        let shown: Vec<TraceExcerpt> = ids.iter().filter_map(|id| self.excerpt(id)).take(most).collect();
        TraceExamples {
            more: ids.len() - shown.len(),
            shown,
        }
    }

    /// A trace in short; `None` if it is of a held-out task.
    fn excerpt(&self, id: &str) -> Option<TraceExcerpt> {
        let veil = self.veil();
        let trace = self.evidence.get(id).cloned().or_else(|| self.look_up(id));
        if trace.as_ref().is_some_and(|trace| veil.is_held_out(&trace.query)) {
            return None;
        }
        let of = |text: Option<&String>| text.map(|text| veil.line(text));
        Some(TraceExcerpt {
            id: veil.line(id),
            query: of(trace.as_ref().map(|trace| &trace.query)),
            result: of(trace.as_ref().and_then(|trace| trace.result.as_ref())),
            outcome: of(trace.as_ref().and_then(|trace| trace.outcome.as_ref())),
        })
    }

    fn look_up(&self, id: &str) -> Option<Trace> {
        self.looked_up.set(self.looked_up.get() + 1);
        (self.looked_up.get() <= MOST_LOOKED_UP).then(|| self.source.stored_trace(id))?
    }
}
