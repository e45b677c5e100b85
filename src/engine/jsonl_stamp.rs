//! The stamp of a file of traces: what tells that it changed since it was indexed.
#![allow(clippy::disallowed_methods)] // edge: the file system

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::jsonl_lines::unreadable;
use crate::port::TraceError;

/// What shows that a file is still the one that was read.
pub(super) type Stamp = (u64, Option<SystemTime>);

/// Size and time of change.
pub(super) fn stamp(path: &Path) -> Result<Stamp, TraceError> {
    let facts = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    Ok((facts.len(), facts.modified().ok()))
}
