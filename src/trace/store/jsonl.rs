//! A store of traces in JSON Lines files: a small index in memory; each trace is read from its offset when needed.
//!
//! If a `trace_id` occurs more than once, the first trace by path and then by line counts, and the others are skipped.
#![allow(clippy::disallowed_methods)] // edge: trace files

use std::fs::File;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::jsonl_lines::{self, Stamp, read_at, read_lines, stamp};
use super::jsonl_search;
use super::trace_store::pin_of;
use crate::artifact::trace::{Trace, TracePin, time};
use crate::sys::disk::Root;
use crate::trace::evidence::EvidenceFile;
use crate::trace::{TraceError, TraceSource};

/// A trace source over JSON Lines files.
pub(crate) struct JsonlSource {
    files: Vec<EvidenceFile>,
    /// The workspace whose `.kaizen` folder stores the search index; without one, each search builds a temporary index.
    index_root: Option<Root>,
    index: Mutex<Option<TraceIndex>>,
}

/// An index, and the stamps of the files that it was built from.
type TraceIndex = (Vec<Stamp>, Arc<Vec<IndexEntry>>);

/// The location of a trace; 40 bytes.
struct IndexEntry {
    /// 128 bits of the id's digest, enough for billions of ids without a collision.
    id: [u8; 16],
    started_at: f64,
    offset: u64,
    length: u32,
    file: u32,
}

impl IndexEntry {
    fn place(&self) -> Range<u64> {
        self.offset..self.offset + u64::from(self.length)
    }
}

/// The part of a trace that the index needs.
#[derive(Deserialize)]
struct TraceHead {
    trace_id: String,
    #[serde(default, deserialize_with = "time")]
    started_at: Option<f64>,
}

impl JsonlSource {
    /// A source over these files. The search index is stored in the `.kaizen` folder of `index_root`.
    pub(crate) fn new(mut files: Vec<EvidenceFile>, index_root: Option<&Root>) -> Self {
        files.sort();
        files.dedup();
        Self {
            files,
            index_root: index_root.cloned(),
            index: Mutex::new(None),
        }
    }

    /// Returns the index, and rebuilds it first if a file has changed.
    fn index(&self) -> Result<Arc<Vec<IndexEntry>>, TraceError> {
        let mut kept = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = self.files.iter().map(stamp).collect::<Result<Vec<_>, _>>()?;
        if let Some((_, index)) = kept.as_ref().filter(|(seen, _)| *seen == stamps) {
            return Ok(Arc::clone(index));
        }
        *kept = None;
        let index = Arc::new(build_index(&self.files)?);
        *kept = Some((stamps, Arc::clone(&index)));
        Ok(index)
    }

    fn read(&self, entry: &IndexEntry) -> Result<Trace, TraceError> {
        read_one(&self.files[entry.file as usize], entry.place())
    }
}

impl TraceSource for JsonlSource {
    fn scan(&self, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> Result<(), TraceError> {
        let index = self.index()?;
        let mut open: Option<(u32, File)> = None;
        let mut line = Vec::new();
        for entry in index.iter() {
            let source = &self.files[entry.file as usize];
            let mut file = match open.take() {
                Some((number, file)) if number == entry.file => file,
                _ => jsonl_lines::open(source)?,
            };
            if visit(read_at(source, &mut file, entry.place(), &mut line)?).is_break() {
                return Ok(());
            }
            open = Some((entry.file, file));
        }
        Ok(())
    }

    fn get(&self, trace_id: &str) -> Result<Option<Trace>, TraceError> {
        let (index, id) = (self.index()?, key(trace_id));
        index
            .iter()
            .find(|entry| entry.id == id)
            .map(|entry| self.read(entry))
            .transpose()
    }

    fn search(&self, terms: &str, limit: usize) -> Result<Vec<Trace>, TraceError> {
        let places = jsonl_search::search(self.index_root.as_ref(), &self.files, terms, limit)?;
        places
            .into_iter()
            .map(|(source, place)| read_one(source, place))
            .collect()
    }

    fn pin(&self) -> Result<TracePin, TraceError> {
        pin_of(self)
    }
}

/// Indexes all traces, newest first. Traces without a time come last; among equal times, the later line comes first.
fn build_index(files: &[EvidenceFile]) -> Result<Vec<IndexEntry>, TraceError> {
    let mut entries = Vec::new();
    for (file, source) in files.iter().enumerate() {
        read_lines(source, 0, &mut |head: TraceHead, place| {
            entries.push(IndexEntry {
                id: key(&head.trace_id),
                started_at: head.started_at.unwrap_or(f64::NEG_INFINITY),
                offset: place.start,
                length: (place.end - place.start) as u32,
                file: file as u32,
            });
            Ok(())
        })?;
    }
    entries.sort_unstable_by_key(|entry| (entry.id, entry.file, entry.offset));
    entries.dedup_by_key(|entry| entry.id);
    entries.sort_unstable_by(|a, b| {
        let time = b.started_at.total_cmp(&a.started_at);
        time.then((b.file, b.offset).cmp(&(a.file, a.offset)))
    });
    Ok(entries)
}

fn key(trace_id: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(trace_id.as_bytes()).as_bytes()[..16]);
    key
}

fn read_one(source: &EvidenceFile, place: Range<u64>) -> Result<Trace, TraceError> {
    let mut file = jsonl_lines::open(source)?;
    read_at(source, &mut file, place, &mut Vec::new())
}
