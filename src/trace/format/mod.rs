//! Reads the recordings of other programs as traces. Recognises the dialect of a file by its content, not by its name.
//!
//! Nothing is invented: a field that the source does not have stays null, and further facts from the source go into
//! `metadata`. Each dialect has one file, with a function from JSON values to traces and to skipped parts with reasons.

mod chat;
mod claude_code;
mod conversation;
mod dialect;
mod document;
mod elements;
mod field;
mod groups;
mod inspect;
mod intercode;
mod langfuse;
mod lines;
mod location;
mod message;
mod openhands;
mod otlp;
pub(crate) mod program;
mod run;
mod sweagent;
mod toolbench;

use std::io::{self, BufRead, Seek};

use serde_json::{Value, json};

pub(crate) use self::dialect::Dialect;
use self::document::Items;
pub(crate) use self::location::{SkippedPart, SourceLocation};
use crate::artifact::trace::Trace;
use crate::sys::disk::LARGEST_ARTIFACT;

/// The files in an archive.
pub(crate) struct Archive<'a> {
    /// The paths of the files in the archive.
    pub names: Vec<String>,
    /// Unpacks one of them; returns its bytes, or the reason for a failure.
    pub unpack: Unpack<'a>,
}

pub(crate) type Unpack<'a> = Box<dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a>;

/// A trace, or a skipped part.
pub(crate) type TraceResult = Result<Trace, SkippedPart>;

/// The traces and skipped parts of a file, read lazily.
pub(crate) type TraceIter<'a> = Box<dyn Iterator<Item = TraceResult> + 'a>;

/// A file whose dialect was recognised.
pub(crate) struct RecognisedFile<'a> {
    pub dialect: Dialect,
    /// Its traces, read lazily.
    pub traces: TraceIter<'a>,
}

/// A file that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// The file is empty.
    #[error("it is empty")]
    Empty,
    /// The file is text in UTF-16.
    #[error("it is UTF-16 text: save it as UTF-8")]
    Utf16,
    /// Neither the file nor any of its lines is JSON.
    #[error("it is not JSON: {what} at line {line}, column {column}")]
    NotJson {
        /// The parser's message.
        what: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The file is JSON, but in no known dialect.
    #[error("its format is unknown; known formats are {}", Dialect::list())]
    Unknown,
    /// The file has lists of messages, but none of them has the roles of a conversation.
    #[error("it looks like chat, but no message has a role")]
    NoRole,
    /// The file is a single JSON value that is too long to be read as a whole.
    #[error(
        "it is larger than {} MiB, so it must be a list or JSON Lines, which are read in parts: export it as one of these, or split it",
        LARGEST_ARTIFACT >> 20
    )]
    TooLong,
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The file is an archive whose header cannot be read.
    #[error("its file {part}: {reason}")]
    Part {
        part: String,
        /// The reason for the failure.
        reason: String,
    },
    /// The file is an archive, but not an Inspect log.
    #[error("it is an archive, but not an Inspect log (header.json and samples/)")]
    NotALog,
}

/// Reads a file. `name` is only entered in the metadata.
///
/// # Errors
/// The file is empty, is not JSON, is in no known dialect, or cannot be read.
pub(crate) fn read<'a>(name: &'a str, file: impl BufRead + Seek + 'a) -> Result<RecognisedFile<'a>, ImportError> {
    let (dialect, items) = dialect::recognise(document::items(file)?)?;
    Ok(reading(name, dialect, by_dialect(dialect, items)))
}

/// Reads an archive. `name` is only entered in the metadata.
///
/// # Errors
/// It is not an Inspect log, or its header cannot be read.
pub(crate) fn read_archive<'a>(name: &'a str, archive: Archive<'a>) -> Result<RecognisedFile<'a>, ImportError> {
    Ok(reading(name, Dialect::Inspect, inspect::archive(archive)?))
}

fn reading<'a>(name: &'a str, dialect: Dialect, traces: TraceIter<'a>) -> RecognisedFile<'a> {
    let traces = traces.map(move |found| found.map(|trace| from(trace, dialect, name)));
    RecognisedFile {
        dialect,
        traces: Box::new(traces),
    }
}

/// Whether a file that begins with these bytes is a zip archive.
pub(crate) fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

fn by_dialect(dialect: Dialect, items: Items<'_>) -> TraceIter<'_> {
    match dialect {
        Dialect::Chat => Box::new(items.flat_map(|item| spread(item, chat::traces))),
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

fn spread(
    item: Result<document::Item, SkippedPart>,
    read: fn(&document::Item) -> Vec<TraceResult>,
) -> Vec<TraceResult> {
    item.map_or_else(|skipped| vec![Err(skipped)], |item| read(&item))
}

/// Reads a trace in kaizen's own format.
fn own(item: document::Item) -> TraceResult {
    let place = item.place;
    let trace: Trace =
        serde_json::from_value(item.value).map_err(|error| place.skipped(format!("not a trace: {error}")))?;
    match trace.trace_id.is_empty() {
        true => Err(place.skipped("a trace with an empty id")),
        false => Ok(trace),
    }
}

/// Enters the dialect and the file name in the metadata of a trace.
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
