//! Groups the parts of a trace that are scattered over a file, such as spans, and limits how much of the file is in
//! memory at once.

use std::collections::BTreeMap;
use std::iter;

use super::TraceResult;
use super::document::{Item, Items};
use super::location::{SkippedPart, SourceLocation};

/// The maximum number of bytes of a file that are joined in memory. Parsed values take several times as much.
const MOST: u64 = 128 << 20;

/// The number of bytes that may still be joined; `None` once the limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room(Option<u64>);

impl Default for Room {
    fn default() -> Self {
        Self(Some(MOST))
    }
}

impl Room {
    /// Counts an item. Returns `false` if this or an earlier item exceeded the limit.
    #[must_use]
    pub(crate) fn takes(&mut self, item: &Item) -> bool {
        self.0 = self.0.and_then(|left| left.checked_sub(item.size));
        !self.is_exceeded()
    }

    /// Whether the limit was exceeded.
    pub(crate) fn is_exceeded(self) -> bool {
        self.0.is_none()
    }
}

/// Parts of traces by trace id, in the order in which the ids first appear.
#[derive(Debug)]
pub(crate) struct Groups<T> {
    order: Vec<String>,
    parts: BTreeMap<String, Vec<T>>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            parts: BTreeMap::new(),
        }
    }
}

impl<T> Groups<T> {
    pub(crate) fn add(&mut self, id: String, part: T) {
        if !self.parts.contains_key(&id) {
            self.order.push(id.clone());
        }
        self.parts.entry(id).or_default().push(part);
    }

    /// Removes and returns all parts, trace by trace.
    pub(crate) fn take(&mut self) -> Vec<(String, Vec<T>)> {
        let (order, mut parts) = (std::mem::take(&mut self.order), std::mem::take(&mut self.parts));
        let part = |id: String| parts.remove(&id).map(|parts| (id, parts));
        order.into_iter().filter_map(part).collect()
    }
}

/// Calls `next` for each item and with `None` at the end, and returns all that it finds.
pub(crate) fn found_with<'a>(
    items: Items<'a>,
    next: impl FnMut(Option<Result<Item, SkippedPart>>) -> Vec<TraceResult> + 'a,
) -> impl Iterator<Item = TraceResult> + 'a {
    items.map(Some).chain(iter::once(None)).flat_map(next)
}

/// The skipped part for a file with too many parts to join.
pub(crate) fn too_much(place: &SourceLocation) -> SkippedPart {
    let most = MOST >> 20;
    place.ended(format!(
        "up to here, more than {most} MiB of the file must be grouped by trace: split the file by trace"
    ))
}

/// The skipped part for a trace that is too long.
pub(crate) fn too_long(place: &SourceLocation) -> SkippedPart {
    place.skipped(format!("a trace of more than {} MiB in this file", MOST >> 20))
}
