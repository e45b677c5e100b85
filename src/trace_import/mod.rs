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
mod field;
mod inspect;
mod intercode;
mod langfuse;
mod message;
mod openhands;
mod otlp;
mod place;
mod run;
mod spoken;
mod sweagent;
mod toolbench;

use serde_json::{Value, json};

pub use self::dialect::Dialect;
use self::document::Items;
pub use self::place::{Place, Skipped};
use crate::artifact::trace::Trace;

/// What is imported: the bytes of a file, or the files in an archive.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A file.
    Bytes(&'a [u8]),
    /// The files in an archive.
    Parts(&'a [Part]),
}

/// A file in an archive.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its path in the archive.
    pub name: String,
    /// Its bytes, or why they cannot be had.
    pub content: Result<Vec<u8>, String>,
}

/// A trace, or what was skipped.
pub type Found = Result<Trace, Skipped>;

/// What a dialect makes of a file, one after another.
pub type Traces<'a> = Box<dyn Iterator<Item = Found> + 'a>;

/// A file that was recognised.
pub struct Reading<'a> {
    /// What it is.
    pub dialect: Dialect,
    /// What it holds; read as it is asked for.
    pub traces: Traces<'a>,
}

/// A file that holds no traces that anybody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
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
/// The file is empty, is not JSON, or nothing that is known.
pub fn read<'a>(name: &'a str, source: Source<'a>) -> Result<Reading<'a>, ImportError> {
    let (dialect, traces) = match source {
        Source::Parts(parts) => (Dialect::Inspect, inspect::archive(parts)?),
        Source::Bytes(bytes) => {
            let (dialect, items) = dialect::recognise(document::items(bytes)?)?;
            (dialect, by_dialect(dialect, items))
        }
    };
    let traces = traces.map(move |found| found.map(|trace| from(trace, dialect, name)));
    Ok(Reading {
        dialect,
        traces: Box::new(traces),
    })
}

/// Whether these bytes are an archive, which has to be opened first.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether a file in an archive is needed.
pub fn is_wanted(part: &str) -> bool {
    inspect::is_wanted(part)
}

fn by_dialect(dialect: Dialect, items: Items) -> Traces {
    match dialect {
        Dialect::Chat => Box::new(items.map(|item| chat::trace(&item?))),
        Dialect::Kaizen => Box::new(items.map(|item| own(item?))),
        Dialect::ToolBench => Box::new(items.map(|item| toolbench::trace(&item?))),
        Dialect::SweAgent => Box::new(items.map(|item| sweagent::trace(&item?))),
        Dialect::Langfuse => Box::new(langfuse::traces(items).into_iter()),
        Dialect::Inspect => Box::new(items.flat_map(|item| spread(item, inspect::log))),
        Dialect::InterCode => Box::new(items.flat_map(|item| spread(item, intercode::results))),
        Dialect::ClaudeCode => Box::new(claude_code::sessions(items).into_iter()),
        Dialect::OpenHands => Box::new(openhands::events(items).into_iter()),
        Dialect::Otlp => Box::new(otlp::traces(items).into_iter()),
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
