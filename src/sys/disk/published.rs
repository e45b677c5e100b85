//! Published: what this process wrote, so that a watcher knows its own writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::digest::Digest;

/// Digests by path, until somebody asks.
static PUBLISHED: Mutex<BTreeMap<PathBuf, Digest>> = Mutex::new(BTreeMap::new());
/// More than any turn publishes; when nobody asks, nothing piles up.
const MOST_PUBLISHED: usize = 10_000;

/// Notes what was published at a path.
pub(super) fn note(path: &Path, digest: Digest) {
    let mut published = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner);
    if published.len() >= MOST_PUBLISHED {
        published.clear();
    }
    published.insert(path.to_owned(), digest);
}

/// The digest of what this process published at a path since this was last asked.
pub(crate) fn take_published(path: &Path) -> Option<Digest> {
    PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner).remove(path)
}
