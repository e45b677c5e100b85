//! The op that replaces an agent's few-shot examples.

use std::fmt::Write;

use serde_json::Value;

use super::inapplicable::Inapplicable;
use super::place::place;
use super::{Rules, payload};
use crate::artifact::edit::Edit;
use crate::harness::Harness;

pub(super) fn apply(edit: &Edit, harness: &Harness, rules: &Rules) -> Result<Harness, Inapplicable> {
    let exemplars = payload::value(&edit.payload, "exemplars")?;
    let wrong = || payload::wrong("exemplars", "it must be a list of {\"input\": text, \"output\": text}");
    let list = exemplars.as_array().ok_or_else(wrong)?;
    if !list.iter().all(is_exemplar) {
        return Err(wrong());
    }
    let place = place(edit, harness, rules)?;
    let text = serde_json::to_string_pretty(list).unwrap_or_default();
    Ok(harness.clone().with(place.path, ascii(&text)))
}

fn is_exemplar(item: &Value) -> bool {
    ["input", "output"]
        .iter()
        .all(|key| item.get(key).is_some_and(Value::is_string))
}

/// JSON with every character beyond ASCII escaped, as the ancestor writes the file.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}
