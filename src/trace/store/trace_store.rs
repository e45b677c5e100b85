//! The trace store of a workspace: picks the engine for each file, merges several stores into one, and computes the pin
//! that identifies their state.

#[cfg(test)]
#[path = "trace_store_tests.rs"]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::jsonl::JsonlSource;
pub(crate) use super::jsonl_lines::append;
use super::openjarvis::OpenJarvisSource;
use crate::artifact::trace::{Filter, Trace, TracePin};
use crate::digest::Digest;
#[cfg(any(test, feature = "internals"))]
use crate::manifest::membership::EvidencePatterns;
use crate::sys::disk::Root;
use crate::trace::evidence::EvidenceFile;
use crate::trace::{TraceError, TraceSource};

/// Opens the traces of a workspace.
///
/// `patterns` are globs relative to `root`; `.jsonl` files are JSON Lines, `.db` files are OpenJarvis stores. It is not
/// an error if no file matches: a new workspace has no traces. Several stores are merged, newest trace first.
///
/// # Errors
/// A pattern is not a glob, or a matching file is neither `.jsonl` nor `.db`.
#[cfg(any(test, feature = "internals"))]
pub fn open(root: &Root, patterns: &[String]) -> Result<Box<dyn TraceSource>, TraceError> {
    let malformed = |problem: String| {
        TraceError(format!(
            "`[traces]` in kaizen.toml: {problem}; write a glob such as `traces/*.jsonl`"
        ))
    };
    let patterns = EvidencePatterns::new(patterns).map_err(malformed)?;
    let files = root.evidence_files(&patterns);
    of_files(files.map_err(|error| TraceError(error.to_string()))?, Some(root))
}

/// Opens the traces in these files. The search index is stored in the `.kaizen` folder of `index_root`; without
/// `index_root`, each search builds a temporary index.
///
/// # Errors
/// A file is neither `.jsonl` nor `.db`.
pub(crate) fn of_files(
    files: Vec<EvidenceFile>,
    index_root: Option<&Root>,
) -> Result<Box<dyn TraceSource>, TraceError> {
    let mut lines = Vec::new();
    let mut sources: Vec<Box<dyn TraceSource>> = Vec::new();
    for file in files {
        match file.path().extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => lines.push(file),
            Some("db") => sources.push(Box::new(OpenJarvisSource::new(file))),
            _ => {
                let path = file.path().display();
                let remedy = "traces are *.jsonl or *.db; narrow `[traces]` in kaizen.toml";
                return Err(TraceError(format!("{path}: not a trace file; {remedy}")));
            }
        }
    }
    if !lines.is_empty() || sources.is_empty() {
        sources.insert(0, Box::new(JsonlSource::new(lines, index_root)));
    }
    match sources.len() {
        1 => Ok(sources.remove(0)),
        _ => Ok(Box::new(CombinedSource(sources))),
    }
}

/// Returns the traces that match a filter, newest first.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn list(source: &dyn TraceSource, filter: &Filter) -> Result<Vec<Trace>, TraceError> {
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    source.scan(&mut |trace| {
        if filter.matches(&trace) {
            found.push(trace);
        }
        if found.len() < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(found)
}

/// Several stores as one. If an id occurs in several stores, the first trace found counts.
struct CombinedSource(Vec<Box<dyn TraceSource>>);

/// The number of traces that each store reads ahead of the merge.
const AHEAD: usize = 16;

impl TraceSource for CombinedSource {
    fn scan(&self, visit: &mut dyn FnMut(Trace) -> ControlFlow<()>) -> Result<(), TraceError> {
        thread::scope(|scope| {
            let mut streams = Vec::new();
            for source in &self.0 {
                let (sender, receiver) = sync_channel(AHEAD);
                scope.spawn(move || send_all(source.as_ref(), &sender));
                streams.push(receiver);
            }
            merge(&streams, visit)
        })
    }

    fn get(&self, trace_id: &str) -> Result<Option<Trace>, TraceError> {
        for source in &self.0 {
            if let Some(trace) = source.get(trace_id)? {
                return Ok(Some(trace));
            }
        }
        Ok(None)
    }

    /// Ranks of different stores are not comparable, so this returns the best match of each store, then the second best
    /// of each, and so on.
    fn search(&self, terms: &str, limit: usize) -> Result<Vec<Trace>, TraceError> {
        let mut ranked = Vec::new();
        for source in &self.0 {
            ranked.extend(source.search(terms, limit)?.into_iter().enumerate());
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut seen = BTreeSet::new();
        ranked.retain(|(_, trace)| seen.insert(trace.trace_id.clone()));
        ranked.truncate(limit);
        Ok(ranked.into_iter().map(|(_, trace)| trace).collect())
    }

    fn pin(&self) -> Result<TracePin, TraceError> {
        pin_of(self)
    }
}

/// Sends every trace, then the error if the scan failed; stops when the receiver is gone.
fn send_all(source: &dyn TraceSource, sender: &SyncSender<Result<Trace, TraceError>>) {
    let sent = source.scan(&mut |trace| match sender.send(Ok(trace)) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    });
    if let Err(error) = sent {
        // If the receiver is gone, nobody needs the error.
        let _ = sender.send(Err(error));
    }
}

/// Merges streams that are each sorted newest first, and visits each id once.
fn merge(
    streams: &[Receiver<Result<Trace, TraceError>>],
    visit: &mut dyn FnMut(Trace) -> ControlFlow<()>,
) -> Result<(), TraceError> {
    let next = |stream: &Receiver<_>| stream.recv().ok().transpose();
    let mut heads = streams.iter().map(next).collect::<Result<Vec<Option<Trace>>, _>>()?;
    let mut seen = BTreeSet::new();
    while let Some(newest) = newest(&heads) {
        let following = next(&streams[newest])?;
        let Some(trace) = std::mem::replace(&mut heads[newest], following) else {
            break;
        };
        if seen.insert(Digest::of_bytes(trace.trace_id.as_bytes())) && visit(trace).is_break() {
            break;
        }
    }
    Ok(())
}

/// The index of the stream whose next trace is the newest; the first one on a tie.
fn newest(heads: &[Option<Trace>]) -> Option<usize> {
    let started = |trace: &Trace| trace.started_at.unwrap_or(f64::NEG_INFINITY);
    let waiting = heads
        .iter()
        .enumerate()
        .filter_map(|(at, head)| head.as_ref().map(|trace| (at, started(trace))));
    waiting
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(at, _)| at)
}

/// Returns the count and the digest of all traces. Each digest covers the previous one, so that only one trace is in
/// memory at a time.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn pin_of(source: &dyn TraceSource) -> Result<TracePin, TraceError> {
    let mut pin = TracePin {
        count: 0,
        digest: Digest::of_bytes(b""),
    };
    source.scan(&mut |trace| {
        let parts = [
            pin.digest.to_string(),
            trace.trace_id.clone(),
            trace.digest().to_string(),
        ];
        pin.count += 1;
        pin.digest = Digest::of_parts(parts.iter().map(|part| ("", part.as_bytes())));
        ControlFlow::Continue(())
    })?;
    Ok(pin)
}
