//! Reads the lines of a JSON Lines file one at a time into one buffer, appends whole lines, and stamps the file to
//! detect changes.
#![allow(clippy::disallowed_methods)] // edge: trace files

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

use serde::de::DeserializeOwned;

use crate::artifact::trace::Trace;
use crate::artifact::without_place;
use crate::sys::disk::{ErrorWithRemedy, LARGEST_ARTIFACT, Root, is_utf16, read_line, without_mark};
use crate::trace::TraceError;
use crate::trace::evidence::EvidenceFile;

/// Reads each line from byte `start` on, and calls `visit` with its value and its byte range.
///
/// Skips an incomplete last line with a warning, because another program may be writing it. Returns the offset after
/// the last line that was read.
///
/// # Errors
/// The file cannot be read, a line is longer than [`LARGEST_ARTIFACT`], or a line does not parse as `T`.
pub(crate) fn read_lines<T: DeserializeOwned>(
    source: &EvidenceFile,
    start: u64,
    visit: &mut dyn FnMut(T, Range<u64>) -> Result<(), TraceError>,
) -> Result<u64, TraceError> {
    let path = source.path();
    let mut file = open(source)?;
    file.seek(SeekFrom::Start(start))
        .map_err(|error| unreadable(path, &error))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut line = Vec::new();
    let mut offset = start;
    loop {
        let length = read_line(&mut reader, &mut line).map_err(|error| unreadable(path, &error))?;
        if length == 0 {
            return Ok(offset);
        }
        if length > LARGEST_ARTIFACT {
            return Err(too_long(source, offset));
        }
        if offset == 0 && is_utf16(&line) {
            return Err(TraceError(format!(
                "{}: it is UTF-16 text; save it as UTF-8",
                path.display()
            )));
        }
        let text = trim(&line, offset);
        if !text.is_empty() {
            match serde_json::from_slice(text) {
                Ok(value) => visit(value, offset..offset + length)?,
                Err(error) if error.is_eof() && !line.ends_with(b"\n") => {
                    tracing::warn!(path = %path.display(), "the last line is incomplete and was skipped");
                    return Ok(offset);
                }
                Err(error) => return Err(malformed(source, offset, &error)),
            }
        }
        offset += length;
    }
}

/// Reads the trace at a byte range that [`read_lines`] passed to `visit`.
///
/// # Errors
/// The file cannot be read, or there is no trace at that range.
pub(crate) fn read_at(
    source: &EvidenceFile,
    file: &mut File,
    place: Range<u64>,
    line: &mut Vec<u8>,
) -> Result<Trace, TraceError> {
    let path = source.path();
    line.clear();
    file.seek(SeekFrom::Start(place.start))
        .map_err(|error| unreadable(path, &error))?;
    let read = file.take(place.end - place.start).read_to_end(line);
    read.map_err(|error| unreadable(path, &error))?;
    serde_json::from_slice(trim(line, place.start)).map_err(|error| malformed(source, place.start, &error))
}

/// Appends traces as whole lines, and creates the folder if it is missing.
///
/// If another program left an incomplete last line, the traces start on a new line.
///
/// # Errors
/// The file cannot be written, or a trace is longer than [`LARGEST_ARTIFACT`]. In the latter case, nothing is written.
pub(crate) fn append(root: &Root, path: &Path, traces: &[Trace]) -> Result<(), TraceError> {
    let mut lines = String::new();
    for trace in traces {
        let before = lines.len();
        let line = serde_json::to_string(trace)
            .map_err(|error| TraceError(format!("{}: trace {}: {error}", path.display(), trace.trace_id)))?;
        lines += &line;
        lines.push('\n');
        if (lines.len() - before) as u64 > LARGEST_ARTIFACT {
            let (path, id) = (path.display(), &trace.trace_id);
            return Err(TraceError(format!(
                "{path}: trace {id} is longer than 64 MiB; shorten its texts"
            )));
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    // Queries are private: only the owner may read the file.
    let made = root.make_private(path).and_then(|()| root.append(path, &lines));
    made.map_err(|error| TraceError(format!("{error}; check its folder")))
}

/// Trims white space and the line ending, and the byte order mark at the start of a file.
fn trim(line: &[u8], offset: u64) -> &[u8] {
    match offset {
        0 => without_mark(line).trim_ascii(),
        _ => line.trim_ascii(),
    }
}

/// The number, from 1, of the line at an offset.
fn line_number(source: &EvidenceFile, offset: u64) -> u64 {
    let count = |file: File| -> io::Result<u64> {
        let mut reader = BufReader::new(file.take(offset));
        let mut lines = 0;
        loop {
            let chunk = reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(lines);
            }
            lines += chunk.iter().filter(|&&byte| byte == b'\n').count() as u64;
            let length = chunk.len();
            reader.consume(length);
        }
    };
    let counted = source.open().ok().and_then(|file| count(file).ok());
    counted.unwrap_or(0) + 1
}

fn malformed(source: &EvidenceFile, offset: u64, error: &serde_json::Error) -> TraceError {
    let (line, path) = (line_number(source, offset), source.path().display());
    // The parser counts lines within this one line, so its line number does not help.
    let (what, column) = (without_place(error), error.column());
    TraceError(format!(
        "{path}:{line}: not a trace: {what} at column {column}; correct or delete that line"
    ))
}

fn too_long(source: &EvidenceFile, offset: u64) -> TraceError {
    let (line, path) = (line_number(source, offset), source.path().display());
    TraceError(format!(
        "{path}:{line}: the line is longer than 64 MiB; shorten or delete it"
    ))
}

/// Opens a file of traces.
///
/// # Errors
/// It is gone, or it is not a regular file.
pub(crate) fn open(source: &EvidenceFile) -> Result<File, TraceError> {
    let remedy = "check `[traces]` in kaizen.toml";
    source.open().map_err(|error| TraceError(format!("{error}; {remedy}")))
}

/// The error for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> TraceError {
    let problem = ErrorWithRemedy(error);
    TraceError(format!(
        "{}: cannot be read: {problem}; check `[traces]` in kaizen.toml",
        path.display()
    ))
}

/// The size and the modification time of a file.
pub(crate) type Stamp = (u64, Option<SystemTime>);

/// Returns the current stamp of a file.
pub(crate) fn stamp(source: &EvidenceFile) -> Result<Stamp, TraceError> {
    let facts = open(source)?
        .metadata()
        .map_err(|error| unreadable(source.path(), &error))?;
    Ok((facts.len(), facts.modified().ok()))
}
