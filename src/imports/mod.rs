//! Imports: files of other programs, read, stripped of what is known already, and published as traces of the workspace.
//!
//! Both stay: the traces in `traces/imported-<digest>.jsonl`, which the store reads, and the file as it was, under its
//! digest in `traces/imported/`, so that a later version can read it again and find more in it.

mod archive;
mod files;
mod known;
mod report;

use std::path::Path;

pub use self::files::{Visit, visits};
pub use self::known::Known;
use self::known::Seen;
pub use self::report::{FileReport, Missing, Reason, Status, Usable};
use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::disk::Root;
use crate::engine::jsonl_lines::LONGEST_LINE;
use crate::output::{self, Owner};
use crate::trace_import::{self, Place, Source};

/// Where originals are kept, by content.
const ORIGINALS: &str = "traces/imported";

/// What to do with what is found.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The workspace.
    pub root: &'a Root,
    /// The agent of traces that name none.
    pub agent: Option<&'a str>,
    /// Whether nothing is to be written.
    pub is_dry_run: bool,
}

/// Where the traces of a file go, relative to the workspace.
pub fn place_of(digest: &Digest) -> String {
    format!("{ORIGINALS}-{}.jsonl", digest.short())
}

/// Imports one file. What goes wrong with it stands in the report: others are still to be imported.
pub fn import(wish: Wish, path: &Path, shown: &str, known: &mut Known) -> FileReport {
    let mut report = FileReport::new(shown);
    if let Err(error) = fill(wish, path, known, &mut report) {
        report.status = Status::Failed;
        report.error = Some(error);
    }
    report
}

fn fill(wish: Wish, path: &Path, known: &mut Known, report: &mut FileReport) -> Result<(), String> {
    let bytes = files::read(path)?;
    let digest = Digest::of_bytes(&bytes);
    report.digest = Some(digest);
    let (traces, original) = (
        wish.root.join(place_of(&digest)),
        wish.root.join(ORIGINALS).join(digest.to_string()),
    );
    if traces.exists() && original.exists() {
        report.status = Status::AlreadyImported;
        report.written = Some(place_of(&digest));
        return Ok(());
    }
    let lines = read(wish, path, &bytes, known, report)?;
    if lines.is_empty() {
        report.status = Status::NothingNew;
        return Ok(());
    }
    report.status = if wish.is_dry_run {
        Status::WouldImport
    } else {
        Status::Imported
    };
    report.written = Some(place_of(&digest));
    if wish.is_dry_run {
        return Ok(());
    }
    for (path, bytes) in [(&original, &bytes), (&traces, &lines)] {
        output::check(wish.root, path, &|present| owner(present, bytes)).map_err(|error| error.to_string())?;
    }
    // The traces come last: after a crash between the two, they are still new.
    publish(wish.root, &original, &bytes)?;
    publish(wish.root, &traces, &lines)
}

/// A file that a crash left empty is kaizen's; one with other bytes is not.
fn owner(present: &[u8], bytes: &[u8]) -> Owner {
    match present.is_empty() || present == bytes {
        true => Owner::Kaizen,
        false => Owner::Person,
    }
}

fn publish(root: &Root, path: &Path, bytes: &[u8]) -> Result<(), String> {
    root.make_private(path).map_err(|error| error.to_string())?;
    let written = output::write(root, path, bytes, &|present| owner(present, bytes));
    written.map(drop).map_err(|error| error.to_string())
}

/// The new traces of a file, a line each.
fn read(wish: Wish, path: &Path, bytes: &[u8], known: &mut Known, report: &mut FileReport) -> Result<Vec<u8>, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let parts;
    let source = if trace_import::is_archive(bytes) {
        parts = archive::parts(bytes, archive::MOST, &trace_import::is_wanted)?;
        Source::Parts(&parts)
    } else {
        Source::Bytes(bytes)
    };
    let reading = trace_import::read(&name, source).map_err(|error| error.to_string())?;
    report.dialect = Some(reading.dialect.name());
    let mut lines = Vec::new();
    for found in reading.traces {
        match found {
            Ok(trace) => take(with_agent(trace, wish.agent), known, report, &mut lines),
            Err(skipped) => report.skip(&skipped),
        }
    }
    Ok(lines)
}

fn with_agent(mut trace: Trace, agent: Option<&str>) -> Trace {
    if trace.agent.is_none() {
        trace.agent = agent.map(str::to_owned);
    }
    trace
}

/// Takes a trace, unless it is known or too long for the store.
fn take(trace: Trace, known: &mut Known, report: &mut FileReport, lines: &mut Vec<u8>) {
    report.read += 1;
    let start = lines.len();
    let written = serde_json::to_writer(&mut *lines, &trace).map_err(|error| error.to_string());
    lines.push(b'\n');
    let reason = match written {
        Err(error) => Some(error),
        Ok(()) if (lines.len() - start) as u64 > LONGEST_LINE => Some("a trace of more than 64 MiB".to_owned()),
        Ok(()) => None,
    };
    if let Some(reason) = reason {
        lines.truncate(start);
        report.skip(&place(&trace).skipped(reason));
        return;
    }
    match known.add(&trace) {
        Seen::New => return report.count(&trace),
        Seen::Same => report.duplicates += 1,
        Seen::OtherContent => {
            report.duplicates += 1;
            report.changed += 1;
        }
    }
    lines.truncate(start);
}

/// Where a trace stands, as well as it is known.
fn place(trace: &Trace) -> Place {
    let place = trace.metadata["place"].as_str().map(str::to_owned);
    Place::Pointer(place.unwrap_or_else(|| format!("trace {}", trace.trace_id)))
}
