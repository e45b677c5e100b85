//! Decides whether a file marks a home.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Marker;
use super::outline::values_of;
use crate::harness::format::key_pattern::values_at;
use crate::manifest::membership::is_credential;
use crate::manifest::surface::SurfaceFormat;

impl Marker {
    /// Whether the file must have certain keys.
    pub(super) fn needs_keys(&self) -> bool {
        !(self.has.is_empty() && self.has_any.is_empty())
    }

    /// Whether values have the keys.
    pub(super) fn is_met_by(&self, values: &Value) -> bool {
        let has = |key: &String| !values_at(values, key).is_empty();
        self.has.iter().all(has) && (self.has_any.is_empty() || self.has_any.iter().any(has))
    }
}

/// Reads the text of a workspace file; `None` if the file does not exist, is too large or is not UTF-8.
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
        if !marker.needs_keys() {
            return true;
        }
        // Most files are ruled out by a word that they do not contain, without parsing.
        let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        let mentions = |text: &str| marker.has.iter().all(|key| text.contains(&last(key)));
        if !self.text(path).is_some_and(mentions) {
            return false;
        }
        self.values(path).is_some_and(|values| marker.is_met_by(values))
    }
}
