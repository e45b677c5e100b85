//! Traces: the trait that reads them, the formats of other programs, the import, and the stores.

pub(crate) mod eligible;
pub(crate) mod evidence;
pub(crate) mod format;
pub(crate) mod import;
pub(crate) mod store;

use std::ops::ControlFlow;

use crate::artifact::trace::{Trace, TracePin};

/// A failure to read traces. The message names the file, the line and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TraceError(pub String);

/// Read-only access to the traces of past runs.
pub trait TraceSource: Send + Sync {
    /// Calls `visit` with each trace, newest first if the store has times. One trace is in memory at a time.
    ///
    /// # Errors
    /// The store cannot be read, or a line is not a trace.
    fn scan(&self, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> Result<(), TraceError>;

    /// Returns the trace with this id, if there is one.
    ///
    /// # Errors
    /// The store cannot be read.
    fn get(&self, trace_id: &str) -> Result<Option<Trace>, TraceError>;

    /// Searches id, query, result and agent for `terms`, and returns up to `limit` traces, best match first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn search(&self, terms: &str, limit: usize) -> Result<Vec<Trace>, TraceError>;

    /// Returns the digest and the number of all traces.
    ///
    /// # Errors
    /// The store cannot be read.
    fn pin(&self) -> Result<TracePin, TraceError>;
}
