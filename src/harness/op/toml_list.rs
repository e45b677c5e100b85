//! Adds a name to a TOML list, or removes it. The list is an array or a comma-separated string, and keeps its form.

use std::ops::Range;

use serde_json::json;
use toml_edit::{Array, Value};

use super::inapplicable::TomlProblem;
use super::toml_text::{checked, dotted, line_after, line_end, lookup, parse, quote, set, splice};

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
    let end = line_end(text);
    let span = array.span().unwrap_or_default();
    let Some(last) = array.iter().filter_map(Value::span).last() else {
        return splice(text, span.start + 1..span.start + 1, &quote(name));
    };
    let literal = text[last.clone()].starts_with('\'') && !name.contains('\'');
    let quoted = if literal { format!("'{name}'") } else { quote(name) };
    let line_start = text[..last.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line_start..last.start];
    let own_line = line_start > span.start && indent.trim().is_empty();
    let comma = comma_after(text, last.end);
    let closes_here = !text[last.end..span.end].contains('\n');
    match (own_line, comma) {
        (true, Some(at)) if !closes_here => line_after(text, at, &format!("{indent}{quoted},"), end),
        (true, None) if !closes_here => {
            let with_line = line_after(text, last.end, &format!("{indent}{quoted}"), end);
            splice(&with_line, last.end..last.end, ",")
        }
        (_, Some(at)) => splice(text, at + 1..at + 1, &format!(" {quoted},")),
        (_, None) => splice(text, last.end..last.end, &format!(", {quoted}")),
    }
}

/// The position of the comma after an element, which may follow white space and comments.
fn comma_after(text: &str, mut position: usize) -> Option<usize> {
    loop {
        match text.as_bytes().get(position)? {
            b',' => return Some(position),
            b'#' => position += text[position..].find('\n')?,
            b' ' | b'\t' | b'\r' | b'\n' => position += 1,
            _ => return None,
        }
    }
}

fn remove_from_array(text: &str, array: &Array, name: &str) -> String {
    let spans: Vec<Range<usize>> = array.iter().map(|item| item.span().unwrap_or_default()).collect();
    let doomed = |index: &usize| array.get(*index).and_then(Value::as_str) == Some(name);
    let mut kept = String::new();
    let mut position = 0;
    for index in (0..spans.len()).filter(doomed) {
        let range = removal(text, &spans, index);
        kept.push_str(&text[position..range.start.max(position)]);
        position = range.end.max(position);
    }
    kept + &text[position..]
}

/// The range to remove for one element: its line if it is alone on it, otherwise the element and one comma.
fn removal(text: &str, spans: &[Range<usize>], index: usize) -> Range<usize> {
    let element = spans[index].clone();
    let comma = comma_after(text, element.end);
    let end = comma.map_or(element.end, |at| at + 1);
    let line_start = text[..element.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map(|at| end + at + 1);
    let rest = text[end..line_end.unwrap_or(end)].trim();
    let before = text[line_start..element.start].trim();
    if let Some(line_end) = line_end
        && before.is_empty()
        && (rest.is_empty() || rest.starts_with('#'))
    {
        return line_start..line_end;
    }
    if comma.is_some() {
        let blanks = text[end..]
            .bytes()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        return element.start..end + blanks;
    }
    let between = index.checked_sub(1).map(|previous| spans[previous].end..element.start);
    match between.filter(|between| !text[between.clone()].contains(['\n', '#'])) {
        Some(between) => between.start..element.end,
        None => element,
    }
}
