//! Detects duplicates: the ids and contents of the traces that the workspace already has.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::artifact::trace::Trace;
use crate::digest::Digest;
use crate::trace::{TraceError, TraceSource};

/// The traces in the workspace, by the digests of their ids and contents.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownTraces {
    ids: BTreeSet<Digest>,
    contents: BTreeSet<Digest>,
    /// Traces added since the last [`KnownTraces::keep`].
    recent: Vec<AddedTrace>,
}

/// The new digests that a trace added: its id, its content, or both.
type AddedTrace = (Option<Digest>, Option<Digest>);

/// Whether the workspace already had a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceNovelty {
    /// It did not; the trace was added.
    New,
    /// It has a trace with this content.
    Same,
    /// It has a trace with this id and other content, which stays.
    OtherContent,
}

/// Metadata about where a trace was found, which is not part of its content.
const ABOUT_THE_PLACE: [&str; 2] = ["file", "place"];
/// The same for Claude Code, which repeats the history of a resumed session under a new session id.
const ABOUT_THE_SESSION: [&str; 2] = ["session_id", "prompt"];

impl KnownTraces {
    /// Reads all traces of a store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(store: &dyn TraceSource) -> Result<Self, TraceError> {
        let mut known = Self::default();
        store.scan(&mut |trace| {
            known.add(&trace);
            known.keep();
            ControlFlow::Continue(())
        })?;
        Ok(known)
    }

    pub(crate) fn add(&mut self, trace: &Trace) -> TraceNovelty {
        let (id, content) = (Digest::of_bytes(trace.trace_id.as_bytes()), content(trace));
        let (is_new_id, is_new) = (self.ids.insert(id), self.contents.insert(content));
        self.recent.push((is_new_id.then_some(id), is_new.then_some(content)));
        match (is_new_id, is_new) {
            (true, true) => TraceNovelty::New,
            (false, true) => TraceNovelty::OtherContent,
            (_, false) => TraceNovelty::Same,
        }
    }

    /// Confirms the traces added since the last call.
    pub(crate) fn keep(&mut self) {
        self.recent.clear();
    }

    /// Removes the traces added since the last [`KnownTraces::keep`], because the import of their file failed.
    pub(crate) fn forget(&mut self) {
        for (id, content) in self.recent.drain(..) {
            id.map(|id| self.ids.remove(&id));
            content.map(|content| self.contents.remove(&content));
        }
    }
}

/// The digest of a trace's content, without its id and without where it was found.
fn content(trace: &Trace) -> Digest {
    let mut value = serde_json::to_value(trace).unwrap_or_default();
    value["trace_id"].take();
    if let Some(metadata) = value["metadata"].as_object_mut() {
        let is_copied = metadata.get("source").is_some_and(|source| source == "claude_code");
        let is_about_place =
            |key: &str| ABOUT_THE_PLACE.contains(&key) || (is_copied && ABOUT_THE_SESSION.contains(&key));
        metadata.retain(|key, _| !is_about_place(key));
    }
    Digest::of_value(&value)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn known_by_id_or_by_content() {
        let mut known = KnownTraces::default();
        let mut add = |value: Value| known.add(&serde_json::from_value(value).unwrap());
        let trace =
            |id: &str, query: &str, file: &str| json!({"trace_id": id, "query": query, "metadata": {"file": file}});
        assert_eq!(add(trace("a", "q", "1")), TraceNovelty::New);
        assert_eq!(add(trace("a", "q", "2")), TraceNovelty::Same);
        assert_eq!(add(trace("b", "q", "3")), TraceNovelty::Same);
        assert_eq!(add(trace("a", "other", "1")), TraceNovelty::OtherContent);
        assert_eq!(add(trace("c", "third", "1")), TraceNovelty::New);
        known.keep();
        let other = serde_json::from_value(trace("d", "fourth", "1")).unwrap();
        assert_eq!(
            [known.add(&other), known.add(&other)],
            [TraceNovelty::New, TraceNovelty::Same]
        );
        known.forget();
        assert_eq!(known.add(&other), TraceNovelty::New);
        let third = serde_json::from_value(trace("c", "third", "1")).unwrap();
        assert_eq!(known.add(&third), TraceNovelty::Same);
    }
}
