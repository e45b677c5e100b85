//! Adds a name to a TOML list, or removes it. The list is an array or a comma-separated string, and keeps its form.

use serde_json::{Value as Json, json};
use toml_edit::Value;

use super::inapplicable::TomlProblem;
use super::toml_text::{dotted, lookup, parse, path_of, problem, set};
use crate::harness::format::list::edit_list;
use crate::manifest::surface::SurfaceFormat;

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
    let named = [Json::from(name)];
    match list {
        Value::Array(_) => {
            let (add, remove): (&[Json], &[Json]) = if wanted { (&named, &[]) } else { (&[], &named) };
            edit_list(SurfaceFormat::Toml, text, &path_of(keys), add, remove).map_err(|error| problem(error, keys))
        }
        Value::String(names) if !name.contains(',') => {
            set(text, keys, &changed_names(names.value(), name, wanted).into())
        }
        _ => Err(TomlProblem::Shape {
            key: dotted(keys),
            found: "neither an array nor a comma-separated string",
        }),
    }
}

/// Whether a list contains a name.
fn holds(list: &Value, name: &str) -> bool {
    match list {
        Value::Array(array) => array.iter().any(|item| item.as_str() == Some(name)),
        Value::String(names) => names.value().split(',').any(|part| part.trim() == name),
        _ => false,
    }
}

fn changed_names(old: &str, name: &str, wanted: bool) -> String {
    if !wanted {
        let kept: Vec<&str> = old.split(',').filter(|part| part.trim() != name).collect();
        return kept.join(",").trim_start().to_owned();
    }
    if old.trim().is_empty() {
        return name.to_owned();
    }
    let separator = if old.contains(", ") { ", " } else { "," };
    format!("{old}{separator}{name}")
}
