//! The stamp of a trace file, which shows whether it has changed since it was indexed.

use std::time::SystemTime;

use super::jsonl_lines::{open, unreadable};
use crate::trace::evidence::EvidenceFile;
use crate::trace::source::TraceError;

/// The size and the modification time of a file.
pub(crate) type Stamp = (u64, Option<SystemTime>);

/// Returns the present stamp of a file.
pub(crate) fn stamp(source: &EvidenceFile) -> Result<Stamp, TraceError> {
    let facts = open(source)?
        .metadata()
        .map_err(|error| unreadable(source.path(), &error))?;
    Ok((facts.len(), facts.modified().ok()))
}
