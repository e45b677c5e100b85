//! Import: what other programs recorded, read as traces. What a file is, its content says, never its name alone.
//!
//! Nothing is invented: a field that the source does not state stays null, and what the source states beside goes into
//! `metadata`. Each dialect is one file: a function from JSON values to traces, and to what was skipped, and why.

mod blank;
mod chat;
mod claude_code;
mod conversation;
mod dialect;
mod document;
mod elements;
mod field;
mod inspect;
mod intercode;
mod joined;
mod langfuse;
mod lines;
mod message;
mod openhands;
mod otlp;
mod place;
mod run;
mod spoken;
mod sweagent;
mod toolbench;

use std::io::{self, BufRead, Seek};

use serde_json::{Value, json};

pub(crate) use self::dialect::Dialect;
use self::document::Items;
pub(crate) use self::place::{Skipped, SourceLocation};
use crate::artifact::trace::Trace;
use crate::sys::disk::LARGEST_ARTIFACT;

/// The files in an archive.
pub(crate) struct Archive<'a> {
    /// Their paths in the archive.
    pub names: Vec<String>,
    /// Unpacks one of them: its bytes, or why they cannot be had.
    pub unpack: Unpack<'a>,
}

/// Unpacks a file in an archive.
pub(crate) type Unpack<'a> = Box<dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a>;

/// A trace, or what was skipped.
pub(crate) type Found = Result<Trace, Skipped>;

/// What a dialect makes of a file, one after another.
pub(crate) type Traces<'a> = Box<dyn Iterator<Item = Found> + 'a>;

/// A file that was recognised.
pub(crate) struct Reading<'a> {
    /// What it is.
    pub dialect: Dialect,
    /// What it holds; read as it is asked for.
    pub traces: Traces<'a>,
}

/// A file that holds no traces that anybody knows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is not JSON, nor are its lines.
    #[error("it is not JSON: {what} in line {line}, column {column}")]
    NotJson {
        /// What the parser says.
        what: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is JSON of an unknown shape.
    #[error("its shape is unknown; known are {}", Dialect::list())]
    Unknown,
    /// It is one JSON value, and too long to be read as a whole.
    #[error(
        "it is larger than {} MiB, and neither a list nor JSON Lines, of which a part at a time is read: export it as one of these, or split it",
        LARGEST_ARTIFACT >> 20
    )]
    TooLong,
    /// The file system fails.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is an archive, and what holds for all of it cannot be had.
    #[error("{part} in it: {reason}")]
    Part {
        /// The file in the archive.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is an archive of something else.
    #[error("it is an archive without an Inspect log in it (header.json and samples/)")]
    NotALog,
}

/// Reads a file that is called `name`, which only goes into the metadata.
///
/// # Errors
/// The file is empty, is not JSON, has no known shape, or cannot be read.
pub(crate) fn read<'a>(name: &'a str, file: impl BufRead + Seek + 'a) -> Result<Reading<'a>, ImportError> {
    let (dialect, items) = dialect::recognise(document::items(file)?)?;
    Ok(reading(name, dialect, by_dialect(dialect, items)))
}

/// Reads an archive that is called `name`, which only goes into the metadata.
///
/// # Errors
/// It is no archive of a log, or what holds for the whole log cannot be read.
pub(crate) fn read_archive<'a>(name: &'a str, archive: Archive<'a>) -> Result<Reading<'a>, ImportError> {
    Ok(reading(name, Dialect::Inspect, inspect::archive(archive)?))
}

fn reading<'a>(name: &'a str, dialect: Dialect, traces: Traces<'a>) -> Reading<'a> {
    let traces = traces.map(move |found| found.map(|trace| from(trace, dialect, name)));
    Reading {
        dialect,
        traces: Box::new(traces),
    }
}

/// Whether a file that begins with these bytes is an archive, which has to be opened first.
pub(crate) fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

fn by_dialect(dialect: Dialect, items: Items<'_>) -> Traces<'_> {
    match dialect {
        Dialect::Chat => Box::new(items.map(|item| chat::trace(&item?))),
        Dialect::Kaizen => Box::new(items.map(|item| own(item?))),
        Dialect::ToolBench => Box::new(items.map(|item| toolbench::trace(&item?))),
        Dialect::SweAgent => Box::new(items.map(|item| sweagent::trace(&item?))),
        Dialect::Langfuse => Box::new(langfuse::traces(items)),
        Dialect::Inspect => Box::new(items.flat_map(|item| spread(item, inspect::log))),
        Dialect::InterCode => Box::new(items.flat_map(|item| spread(item, intercode::results))),
        Dialect::ClaudeCode => Box::new(claude_code::sessions(items)),
        Dialect::OpenHands => Box::new(openhands::events(items)),
        Dialect::Otlp => Box::new(otlp::traces(items)),
    }
}

fn spread(item: Result<document::Item, Skipped>, read: fn(&document::Item) -> Vec<Found>) -> Vec<Found> {
    item.map_or_else(|skipped| vec![Err(skipped)], |item| read(&item))
}

/// A trace in the form of this program.
fn own(item: document::Item) -> Found {
    let place = item.place;
    let trace: Trace =
        serde_json::from_value(item.value).map_err(|error| place.skipped(format!("not a trace: {error}")))?;
    match trace.trace_id.is_empty() {
        true => Err(place.skipped("a trace with an empty id")),
        false => Ok(trace),
    }
}

/// The trace with where it came from.
fn from(mut trace: Trace, dialect: Dialect, name: &str) -> Trace {
    if !trace.metadata.is_object() {
        let said = trace.metadata.take();
        trace.metadata = if said.is_null() {
            json!({})
        } else {
            json!({"metadata": said})
        };
    }
    if let Value::Object(metadata) = &mut trace.metadata {
        metadata.entry("source").or_insert_with(|| dialect.name().into());
        metadata.insert("file".into(), name.into());
    }
    trace
}

#[cfg(test)]
mod tests;
