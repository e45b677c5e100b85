//! Trace source: evidence of past runs, read-only.

use std::ops::ControlFlow;

use crate::artifact::trace::{Trace, TracePin};

/// A failure to read traces: names the file, the line, and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TraceError(pub String);

/// Evidence of past runs, read-only.
pub trait TraceSource: Send + Sync {
    /// Calls `visit` with every trace, newest first where the store knows times; one trace in memory at a time.
    ///
    /// # Errors
    /// The store cannot be read, or a line is not a trace.
    fn scan(&self, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> Result<(), TraceError>;

    /// One trace by id.
    ///
    /// # Errors
    /// The store cannot be read.
    fn get(&self, trace_id: &str) -> Result<Option<Trace>, TraceError>;

    /// Full-text search over id, query, result and agent; best match first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn search(&self, terms: &str, limit: usize) -> Result<Vec<Trace>, TraceError>;

    /// Digest and count of all traces.
    ///
    /// # Errors
    /// The store cannot be read.
    fn pin(&self) -> Result<TracePin, TraceError>;
}
