//! The trace store of a workspace: the right engine for each file, several read as one.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::jsonl::JsonlSource;
pub(crate) use super::jsonl_lines::append;
use super::openjarvis::OpenJarvisSource;
use super::trace_pin::pin_of;
use crate::artifact::trace::{Filter, Trace, TracePin};
use crate::digest::Digest;
use crate::manifest::membership::EvidencePatterns;
use crate::sys::disk::Root;
use crate::trace::evidence::EvidenceFile;
use crate::trace::source::{TraceError, TraceSource};

/// Opens the traces of a workspace.
///
/// `patterns` are globs relative to `root`; `.jsonl` files are JSON Lines, `.db` files are OpenJarvis stores. Files that
/// do not exist are no error: a new workspace has no traces. Without a `cache_dir` nothing is kept between searches. Several stores are read as one, newest first.
///
/// # Errors
/// A pattern is not a glob, or matches a file of another kind.
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

/// Opens the traces in these files; the own folder of `index_root` takes the search index. Without one, each search makes
/// its own.
///
/// # Errors
/// A file of another kind.
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
                return Err(TraceError(format!("{path}: not a kind of trace file; {remedy}")));
            }
        }
    }
    if !lines.is_empty() || sources.is_empty() {
        sources.insert(0, Box::new(JsonlSource::new(lines, index_root)));
    }
    match sources.len() {
        1 => Ok(sources.remove(0)),
        _ => Ok(Box::new(Combined(sources))),
    }
}

/// The traces that a filter wants, newest first.
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

/// Several stores as one. An id that occurs in several counts once, as it is found first.
struct Combined(Vec<Box<dyn TraceSource>>);

/// How many traces of each store wait to be merged.
const AHEAD: usize = 16;

impl TraceSource for Combined {
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

    /// Ranks of different stores do not compare: the best of each store, then the second best, and so on.
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

/// Sends every trace, or the error that ended the reading, until nobody listens.
fn send_all(source: &dyn TraceSource, sender: &SyncSender<Result<Trace, TraceError>>) {
    let sent = source.scan(&mut |trace| match sender.send(Ok(trace)) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    });
    if let Err(error) = sent {
        // Nobody listens any more: then nobody wants the error either.
        let _ = sender.send(Err(error));
    }
}

/// Merges streams that are each newest first.
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

/// The stream whose next trace is the newest; of equals, the first.
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

#[cfg(test)]
#[path = "trace_store_tests.rs"]
mod tests;
