//! Imports traces from files of other programs, without duplicates, into the workspace.
//!
//! An import writes two files: the traces in `traces/imported-<digest>.jsonl`, which the store reads, and a copy of the
//! original in `traces/imported/<digest>`, from which a later version of kaizen may read more.

mod archive;
mod files;
mod known_traces;
mod report;
mod waiting;

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

pub(crate) use self::files::{ImportEntry, visits};
pub(crate) use self::known_traces::KnownTraces;
use self::known_traces::TraceNovelty;
pub(crate) use self::report::{FileReport, ImportReason, ImportStatus};
pub(crate) use self::waiting::{ImportedFiles, is_readable};
use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::sys::disk::{ErrorWithRemedy, LARGEST_ARTIFACT, Root, failed};
use crate::sys::output;
use crate::sys::output::OutputError;
use crate::trace::format;
use crate::trace::format::{RecognisedFile, SourceLocation};

/// The folder of the original files, each named by its digest.
const ORIGINALS: &str = "traces/imported";

/// The options of an import.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub root: &'a Root,
    /// The agent to enter in traces that have none.
    pub agent: Option<&'a str>,
    /// Whether to write nothing.
    pub is_dry_run: bool,
}

/// The path of the traces of a file, relative to the workspace.
pub(crate) fn place_of(digest: &Digest) -> String {
    format!("{ORIGINALS}-{}.jsonl", digest.short())
}

/// Imports one file. Returns a failure in the report, so that the caller can import the other files.
pub(crate) fn import(wish: Wish, path: &Path, shown: &str, known: &mut KnownTraces) -> FileReport {
    let mut report = FileReport::new(shown);
    match fill(wish, path, known, &mut report) {
        Ok(()) => known.keep(),
        Err(error) => {
            known.forget();
            report = FileReport {
                status: ImportStatus::Failed,
                error: Some(error),
                dialect: report.dialect,
                digest: report.digest,
                skipped: report.skipped,
                ..FileReport::new(shown)
            };
        }
    }
    report
}

fn fill(wish: Wish, path: &Path, known: &mut KnownTraces, report: &mut FileReport) -> Result<(), String> {
    let mut file = files::open(path)?;
    let digest = Digest::of_reader(&mut file).map_err(|error| error.to_string())?;
    report.digest = Some(digest);
    report.written = Some(place_of(&digest));
    let places = Places {
        original: wish.root.join(ORIGINALS).join(digest.to_string()),
        traces: wish.root.join(place_of(&digest)),
    };
    if places.traces.exists() && places.original.exists() {
        report.status = ImportStatus::AlreadyImported;
        return Ok(());
    }
    let mut draft = match wish.is_dry_run {
        true => None,
        false => Some(wish.root.draft().map_err(|error| error.to_string())?),
    };
    let lines: &mut dyn Write = match &mut draft {
        Some(draft) => draft.file(),
        None => &mut io::sink(),
    };
    read(wish, path, &mut file, known, report, lines)?;
    if report.read == 0 {
        return Err(report.why_no_trace());
    }
    match draft {
        _ if report.new == 0 => {
            report.status = ImportStatus::NothingNew;
            report.written = None;
        }
        None => report.status = ImportStatus::WouldImport,
        Some(mut draft) => {
            report.status = ImportStatus::Imported;
            publish(wish.root, &places, (&mut file, &digest), draft.file()).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// The paths of the original's copy and of the traces.
struct Places {
    original: PathBuf,
    traces: PathBuf,
}

/// Writes the copy of the original, then the traces. After a crash between the two, the next import still treats the
/// traces as new.
fn publish(
    root: &Root,
    places: &Places,
    (original, digest): (&mut files::OpenFile, &Digest),
    lines: &mut (impl Read + Seek),
) -> Result<(), OutputError> {
    lines.rewind().map_err(|error| failed("read", &places.traces)(error))?;
    let digest_of_lines = Digest::of_reader(&mut *lines).map_err(|error| failed("read", &places.traces)(error))?;
    output::check_copy(root, &places.original, digest)?;
    output::check_copy(root, &places.traces, &digest_of_lines)?;
    root.make_private(&places.original)?;
    output::copy(root, &places.original, original, digest)?;
    root.make_private(&places.traces)?;
    output::copy(root, &places.traces, lines, &digest_of_lines)
}

/// Writes the new traces of a file as JSON Lines.
fn read(
    wish: Wish,
    path: &Path,
    file: &mut files::OpenFile,
    known: &mut KnownTraces,
    report: &mut FileReport,
    lines: &mut dyn Write,
) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let reading = recognise(&name, file)?;
    report.dialect = Some(reading.dialect);
    let mut lines = BufWriter::new(lines);
    for found in reading.traces {
        match found {
            Ok(trace) => take(with_agent(trace, wish.agent), known, report, &mut lines)?,
            Err(skipped) if skipped.is_end => return Err(format!("{}: {}", skipped.place, skipped.reason)),
            Err(skipped) => report.skip(&skipped),
        }
    }
    lines.flush().map_err(|error| unwritable(&error))
}

fn recognise<'a>(name: &'a str, file: &'a mut files::OpenFile) -> Result<RecognisedFile<'a>, String> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let start = file.rewind().and_then(|()| file.fill_buf());
    let reading = match format::is_archive(start.map_err(|error| error.to_string())?) {
        true => format::read_archive(name, archive::open(file, archive::BOUNDS)?),
        false => format::read(name, file),
    };
    reading.map_err(|error| error.to_string())
}

fn unwritable(error: &io::Error) -> String {
    format!("its traces cannot be written: {}", ErrorWithRemedy(error))
}

fn with_agent(mut trace: Trace, agent: Option<&str>) -> Trace {
    if trace.agent.is_none() {
        trace.agent = agent.map(str::to_owned);
    }
    trace
}

/// Writes a trace, unless it is a duplicate or too long for the store.
fn take(trace: Trace, known: &mut KnownTraces, report: &mut FileReport, lines: &mut impl Write) -> Result<(), String> {
    report.read += 1;
    let line = match serde_json::to_vec(&trace) {
        Err(error) => Err(error.to_string()),
        Ok(line) if line.len() as u64 >= LARGEST_ARTIFACT => Err("a trace of more than 64 MiB".to_owned()),
        Ok(line) => Ok(line),
    };
    let line = match line {
        Ok(line) => line,
        Err(reason) => {
            report.skip(&place(&trace).skipped(reason));
            return Ok(());
        }
    };
    match known.add(&trace) {
        TraceNovelty::New => {
            report.count(&trace);
            let written = lines.write_all(&line).and_then(|()| lines.write_all(b"\n"));
            return written.map_err(|error| unwritable(&error));
        }
        TraceNovelty::Same => report.duplicates += 1,
        TraceNovelty::OtherContent => {
            report.duplicates += 1;
            report.changed += 1;
        }
    }
    Ok(())
}

/// The location of a trace in its file if the dialect recorded it, otherwise its id.
fn place(trace: &Trace) -> SourceLocation {
    let place = trace.metadata["place"].as_str().map(str::to_owned);
    SourceLocation::Pointer(place.unwrap_or_else(|| format!("trace {}", trace.trace_id)))
}
