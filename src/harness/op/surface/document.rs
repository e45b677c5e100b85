//! A file with keys: reads and writes values in its format, without any change outside of them.

use serde_json::Value as Json;

use super::target::SurfaceTarget;
use crate::artifact::key_path::{KeyPath, Segment};
use crate::harness::format;
use crate::harness::format::error::FormatError;
use crate::harness::format::key_pattern::parts;
use crate::harness::format::list::edit_list;
use crate::harness::op::inapplicable::Inapplicable;
use crate::manifest::surface::{Surface, SurfaceFormat};

/// The members by which an item of a list is known.
const NAMES: [&str; 6] = ["name", "id", "slug", "label", "key", "title"];

/// The text of a file, with its values.
#[derive(Debug)]
pub(super) struct Document<'a> {
    path: &'a str,
    format: SurfaceFormat,
    text: &'a str,
    values: Json,
}

impl<'a> Document<'a> {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Its format has no keys, or it cannot be read.
    pub(super) fn of(target: &'a SurfaceTarget, text: &'a str) -> Result<Self, Inapplicable> {
        let format = target.format();
        let values = format::values(format, text).map_err(|problem| Inapplicable::Format {
            path: target.path.clone(),
            problem,
        })?;
        Ok(Self {
            path: &target.path,
            format,
            text,
            values,
        })
    }

    fn checked<T>(&self, found: Result<T, FormatError>) -> Result<T, Inapplicable> {
        found.map_err(|problem| Inapplicable::Format {
            path: self.path.to_owned(),
            problem,
        })
    }

    /// The value of a key; `None` if it is absent.
    pub(super) fn value(&self, key: &KeyPath) -> Result<Option<Json>, Inapplicable> {
        match format::value(self.format, self.text, key) {
            Err(FormatError::Absent { .. }) => Ok(None),
            found => self.checked(found).map(Some),
        }
    }

    /// The text with a value at a key. All other values stay.
    pub(super) fn set(&self, key: &KeyPath, value: &Json) -> Result<String, Inapplicable> {
        self.checked(format::set_value(self.format, self.text, key, value))
    }

    /// The text without a key.
    pub(super) fn unset(&self, key: &KeyPath) -> Result<String, Inapplicable> {
        self.checked(format::unset_value(self.format, self.text, key))
    }

    /// The text with a changed list at a key.
    pub(super) fn edit_list(&self, key: &KeyPath, add: &[Json], remove: &[Json]) -> Result<String, Inapplicable> {
        self.checked(edit_list(self.format, self.text, key, add, remove))
    }

    /// The editable keys of a surface that the file has.
    pub(super) fn editable_keys(&self, surface: &Surface) -> Vec<KeyPath> {
        let patterns = surface.keys.keys();
        let mut keys: Vec<KeyPath> = patterns.flat_map(|pattern| found(&self.values, pattern)).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// The keys of a value that a pattern matches.
fn found(value: &Json, pattern: &str) -> Vec<KeyPath> {
    let start = vec![(KeyPath::default(), value)];
    let places = parts(pattern).fold(start, |places, part| {
        places
            .into_iter()
            .flat_map(|(key, value)| below(&key, value, part))
            .collect()
    });
    places.into_iter().map(|(key, _)| key).collect()
}

/// The members or items of a value that a part of a pattern matches.
fn below<'v>(key: &KeyPath, value: &'v Json, part: &str) -> Vec<(KeyPath, &'v Json)> {
    match (value, part) {
        (Json::Array(items), "[*]") => {
            let items = items.iter().enumerate();
            items
                .map(|(at, item)| (child(key, item_segment(at, item)), item))
                .collect()
        }
        (Json::Object(fields), part) => {
            let fields = fields.iter().filter(|(name, _)| part == "*" || *name == part);
            fields
                .map(|(name, value)| (child(key, Segment::Name(name.clone())), value))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A key with one more segment.
fn child(key: &KeyPath, segment: Segment) -> KeyPath {
    let segments = key.segments.iter().cloned().chain([segment]);
    KeyPath {
        segments: segments.collect(),
    }
}

/// A key that consists of names.
pub(super) fn of_names<'n>(names: impl Iterator<Item = &'n str>) -> KeyPath {
    KeyPath {
        segments: names.map(|name| Segment::Name(name.to_owned())).collect(),
    }
}

/// The segment for an item of a list: by its name, if it has one.
fn item_segment(at: usize, item: &Json) -> Segment {
    let named = NAMES.iter().find_map(|name| {
        let value = item.get(name)?.as_str()?;
        Some(Segment::Member {
            key: (*name).to_owned(),
            value: value.to_owned(),
        })
    });
    named.unwrap_or(Segment::Index(at))
}
