//! The stamp of a file of traces: what tells that it changed since it was indexed.

use std::time::SystemTime;

use super::jsonl_lines::{open, unreadable};
use crate::trace::evidence::EvidenceFile;
use crate::trace::source::TraceError;

/// What shows that a file is still the one that was read.
pub(crate) type Stamp = (u64, Option<SystemTime>);

/// Size and time of change.
pub(crate) fn stamp(source: &EvidenceFile) -> Result<Stamp, TraceError> {
    let facts = open(source)?
        .metadata()
        .map_err(|error| unreadable(source.path(), &error))?;
    Ok((facts.len(), facts.modified().ok()))
}
