//! Sets one value in TOML text and leaves all other bytes unchanged.

use serde_json::Value as Json;
use toml_edit::{Document, Value};

use super::inapplicable::TomlProblem;
use crate::artifact::key_path::{KeyPath, Segment};
use crate::harness::format::error::FormatError;
use crate::harness::format::set_value;
use crate::manifest::surface::SurfaceFormat;

/// Sets the value at a key. Adds a missing key at the end of its table, and a missing table at the end of the file.
///
/// # Errors
/// The text is not TOML, TOML cannot express the value, the key is a table, or it leads through something that is not a
/// table.
pub(crate) fn set(text: &str, keys: &[String], value: &Json) -> Result<String, TomlProblem> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    lookup(&parse(body)?, keys)?;
    set_value(SurfaceFormat::Toml, text, &path_of(keys), value).map_err(|error| problem(error, keys))
}

/// The path of keys.
pub(super) fn path_of(keys: &[String]) -> KeyPath {
    KeyPath {
        segments: keys.iter().cloned().map(Segment::Name).collect(),
    }
}

/// The problem with a change of a value that [`lookup`] found, or found absent.
pub(super) fn problem(error: FormatError, keys: &[String]) -> TomlProblem {
    let key = dotted(keys);
    match error {
        FormatError::Value { what, .. } => TomlProblem::Value { key, found: what },
        _ => TomlProblem::Unsafe { key },
    }
}

/// Parses TOML.
pub(super) fn parse(text: &str) -> Result<Document<&str>, TomlProblem> {
    Document::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        TomlProblem::Syntax {
            line,
            message: error.message().to_owned(),
        }
    })
}

/// The value at a key; `None` if it is absent.
///
/// # Errors
/// The key is a table, or it leads through something that is not a table.
pub(super) fn lookup<'a>(document: &'a Document<&str>, keys: &[String]) -> Result<Option<&'a Value>, TomlProblem> {
    let shape = |found| TomlProblem::Shape {
        key: dotted(keys),
        found,
    };
    let mut item = document.as_item();
    for key in keys {
        if item.is_array_of_tables() {
            return Err(shape("inside an array of tables"));
        }
        let table = item
            .as_table_like()
            .ok_or_else(|| shape("inside a value that is not a table"))?;
        match table.get(key) {
            Some(next) => item = next,
            None => return Ok(None),
        }
    }
    item.as_value().map(Some).ok_or_else(|| shape("a table"))
}

/// The keys as TOML writes them.
pub(super) fn dotted(keys: &[String]) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let key = |name: &String| match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.clone(),
        false => Json::from(name.as_str()).to_string(),
    };
    keys.iter().map(key).collect::<Vec<_>>().join(".")
}
