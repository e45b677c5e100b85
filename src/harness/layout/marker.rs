//! Decides whether a file marks a home.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Marker;
use super::outline::{values_at, values_of};
use crate::manifest::membership::is_credential;
use crate::manifest::surface::SurfaceFormat;

/// Reads the text of a file of the workspace; `None` if there is none, or it is too large or not UTF-8.
pub(crate) type ReadText<'r> = &'r dyn Fn(&str) -> Option<String>;

/// The contents of files, read when they are first needed.
pub(super) struct FileContents<'r> {
    read: ReadText<'r>,
    texts: BTreeMap<String, Option<String>>,
    values: BTreeMap<String, Option<Value>>,
}

impl<'r> FileContents<'r> {
    pub(super) fn new(read: ReadText<'r>) -> Self {
        Self {
            read,
            texts: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    /// The text of a file. A file that may hold credentials has none.
    pub(super) fn text(&mut self, path: &str) -> Option<&str> {
        if is_credential(path) {
            return None;
        }
        let read = self.read;
        let text = self.texts.entry(path.to_owned()).or_insert_with(|| read(path));
        text.as_deref()
    }

    /// The values of a file, in the format of its extension.
    pub(super) fn values(&mut self, path: &str) -> Option<&Value> {
        if !self.values.contains_key(path) {
            let values = self
                .text(path)
                .and_then(|text| values_of(SurfaceFormat::of(path), text));
            self.values.insert(path.to_owned(), values);
        }
        self.values.get(path)?.as_ref()
    }

    /// Whether a file has the keys of a marker.
    pub(super) fn satisfies(&mut self, path: &str, marker: &Marker) -> bool {
        if marker.has.is_empty() && marker.has_any.is_empty() {
            return true;
        }
        // Most files are ruled out by a word that they do not contain, without parsing.
        let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        let mentions = |text: &str| marker.has.iter().all(|key| text.contains(&last(key)));
        if !self.text(path).is_some_and(mentions) {
            return false;
        }
        let Some(values) = self.values(path) else { return false };
        let has = |key: &String| !values_at(values, key).is_empty();
        marker.has.iter().all(has) && (marker.has_any.is_empty() || marker.has_any.iter().any(has))
    }
}
