//! Joined: what must be in memory together, such as the spans of a trace that lie anywhere in a file, up to a bound.

use std::collections::BTreeMap;
use std::iter;

use super::Found;
use super::document::{Item, Items};
use super::place::{Skipped, SourceLocation};

/// The most bytes of a file that are joined in memory. As values they take several times as much.
const MOST: u64 = 128 << 20;

/// How many more bytes may be joined; `None` once something found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room(Option<u64>);

impl Default for Room {
    fn default() -> Self {
        Self(Some(MOST))
    }
}

impl Room {
    /// Counts an item; `false` when it, or an earlier one, exceeds what may be joined.
    #[must_use]
    pub(crate) fn takes(&mut self, item: &Item) -> bool {
        self.0 = self.0.and_then(|left| left.checked_sub(item.size));
        !self.is_exceeded()
    }

    /// Whether something found no room.
    pub(crate) fn is_exceeded(self) -> bool {
        self.0.is_none()
    }
}

/// Parts of traces by the trace's id, in the order in which the ids first appear.
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
    /// Adds a part.
    pub(crate) fn add(&mut self, id: String, part: T) {
        if !self.parts.contains_key(&id) {
            self.order.push(id.clone());
        }
        self.parts.entry(id).or_default().push(part);
    }

    /// Takes all parts out, trace by trace.
    pub(crate) fn take(&mut self) -> Vec<(String, Vec<T>)> {
        let (order, mut parts) = (std::mem::take(&mut self.order), std::mem::take(&mut self.parts));
        let part = |id: String| parts.remove(&id).map(|parts| (id, parts));
        order.into_iter().filter_map(part).collect()
    }
}

/// Asks `next` for what is found with each item, and once more with none at the end.
pub(crate) fn found_with<'a>(
    items: Items<'a>,
    next: impl FnMut(Option<Result<Item, Skipped>>) -> Vec<Found> + 'a,
) -> impl Iterator<Item = Found> + 'a {
    items.map(Some).chain(iter::once(None)).flat_map(next)
}

/// What is said of a file whose traces cannot be joined.
pub(crate) fn too_much(place: &SourceLocation) -> Skipped {
    let most = MOST >> 20;
    place.ended(format!(
        "up to here there are more than {most} MiB that must be joined by trace: split the file by trace"
    ))
}

/// What is said of one trace that is too long.
pub(crate) fn too_long(place: &SourceLocation) -> Skipped {
    place.skipped(format!("a trace of more than {} MiB in this file", MOST >> 20))
}
