//! Reads and changes single values in text files. No byte outside the changed value changes.
//!
//! Each format has a reader, which makes a tree of values with their places, and a writer, which proposes changes of the
//! text. [`change`] applies a proposal only if the new text reads back as the old values with this one change.

pub(crate) mod all_values;
mod bracketed;
mod change;
pub(crate) mod error;
pub(crate) mod front_matter;
mod json_read;
mod json_write;
pub(crate) mod key_pattern;
pub(crate) mod list;
mod node;
pub(crate) mod section;
mod splice;
mod toml_insert;
mod toml_read;
mod toml_remove;
mod toml_string;
mod toml_write;
mod yaml_block;
mod yaml_flow;
mod yaml_head;
mod yaml_lines;
mod yaml_property;
mod yaml_read;
mod yaml_render;
mod yaml_scalar;
mod yaml_spelling;
mod yaml_write;

#[cfg(test)]
mod tests;

use serde_json::Value as Json;

use crate::artifact::key_path::KeyPath;
use crate::manifest::surface::SurfaceFormat;

use change::KeyText;
use error::FormatError;

/// All values of a text: of front matter those of its keys, and none of a text without front matter.
///
/// # Errors
/// The text is not in the format.
pub(crate) fn values(format: SurfaceFormat, text: &str) -> Result<Json, FormatError> {
    Ok(KeyText::of(format, text)?.tree.value())
}

/// The value at a path.
///
/// # Errors
/// The text is not in the format, or the path leads nowhere.
pub(crate) fn value(format: SurfaceFormat, text: &str, path: &KeyPath) -> Result<Json, FormatError> {
    let keys = KeyText::of(format, text)?;
    let found = keys.tree.find(&keys.text, path)?;
    Ok(found.complete(path)?.value())
}

/// The text with another value at a path. The value keeps its style: its quotes, its lines, the form of its list. Adds
/// missing names at the end of their map. A present value that equals the new one leaves the text as it is.
///
/// # Errors
/// The text is not in the format, the path leads through a value that is no map, the format cannot express the value, or
/// no change of only this value is known.
pub(crate) fn set_value(
    format: SurfaceFormat,
    text: &str,
    path: &KeyPath,
    value: &Json,
) -> Result<String, FormatError> {
    KeyText::of_changeable(format, text)?.with_value(path, value)
}

/// The text without the member or item at a path.
///
/// # Errors
/// As for [`set_value`], and if there is no value at the path.
pub(crate) fn unset_value(format: SurfaceFormat, text: &str, path: &KeyPath) -> Result<String, FormatError> {
    KeyText::of(format, text)?.without_value(path)
}
