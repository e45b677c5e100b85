//! Adds a name to a TOML list, or removes it. The list is an array or a comma-separated string, and keeps its form.

use serde_json::json;
use toml_edit::{Array, Value};

use super::inapplicable::TomlProblem;
use super::toml_array;
use super::toml_text::{checked, dotted, lookup, parse, quote, set, splice};

/// Adds a name at the end of a list, unless the list has it. Creates a missing list as an array.
///
/// # Errors
/// The text is not TOML, or the value at the key is not a list of names.
pub(crate) fn append(text: &str, keys: &[String], name: &str) -> Result<String, TomlProblem> {
    change(text, keys, name, true)
}

/// Removes all occurrences of a name from a list. Does not create a missing list.
///
/// # Errors
/// The text is not TOML, or the value at the key is not a list of names.
pub(crate) fn remove(text: &str, keys: &[String], name: &str) -> Result<String, TomlProblem> {
    change(text, keys, name, false)
}

fn change(text: &str, keys: &[String], name: &str, wanted: bool) -> Result<String, TomlProblem> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = parse(body)?;
    let list = match lookup(&document, keys)? {
        None if wanted => return set(text, keys, &json!([name])),
        None => return Ok(text.to_owned()),
        Some(list) => list,
    };
    if holds(list, name) == wanted {
        return Ok(text.to_owned());
    }
    let changed = match list {
        Value::Array(array) if wanted => append_to_array(body, array, name),
        Value::Array(array) => remove_from_array(body, array, name),
        Value::String(names) if !name.contains(',') => change_string(body, names, name, wanted),
        _ => {
            return Err(TomlProblem::Shape {
                key: dotted(keys),
                found: "neither an array nor a comma-separated string",
            });
        }
    };
    let changed = checked(changed, keys, |after| holds(after, name) == wanted)?;
    Ok(format!("{}{changed}", &text[..text.len() - body.len()]))
}

/// Whether a list contains a name.
fn holds(list: &Value, name: &str) -> bool {
    match list {
        Value::Array(array) => array.iter().any(|item| item.as_str() == Some(name)),
        Value::String(names) => names.value().split(',').any(|part| part.trim() == name),
        _ => false,
    }
}

fn change_string(text: &str, names: &toml_edit::Formatted<String>, name: &str, wanted: bool) -> String {
    let old = names.value();
    let new = if !wanted {
        let kept: Vec<&str> = old.split(',').filter(|part| part.trim() != name).collect();
        kept.join(",").trim_start().to_owned()
    } else if old.trim().is_empty() {
        name.to_owned()
    } else {
        let separator = if old.contains(", ") { ", " } else { "," };
        format!("{old}{separator}{name}")
    };
    let span = names.span().unwrap_or_default();
    let literal = text[span.clone()].starts_with('\'') && !new.contains(['\'', '\n', '\r']);
    let quoted = if literal { format!("'{new}'") } else { quote(&new) };
    splice(text, span, &quoted)
}

fn append_to_array(text: &str, array: &Array, name: &str) -> String {
    let last = array.iter().filter_map(Value::span).last();
    let literal = last.is_some_and(|last| text[last].starts_with('\'')) && !name.contains('\'');
    let quoted = if literal { format!("'{name}'") } else { quote(name) };
    toml_array::appended(text, array, &quoted)
}

fn remove_from_array(text: &str, array: &Array, name: &str) -> String {
    toml_array::without(text, array, |at| array.get(at).and_then(Value::as_str) == Some(name))
}
