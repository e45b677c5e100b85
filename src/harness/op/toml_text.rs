//! Sets one value in TOML text and leaves all other bytes unchanged.
//!
//! The parser is only used to find positions. The text itself is spliced, because writing the whole document would
//! change CRLF line ends and add a line end to the last line.

use std::ops::Range;

use serde_json::Value as Json;
use toml_edit::{Document, Item, Table, Value};

use super::inapplicable::TomlProblem;
use super::text_lines::line_end;
use super::{toml_array, toml_string};

/// The smallest power of two that is not a signed integer of 64 bits.
const BEYOND_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

/// Sets the value at a key. Adds a missing key at the end of its table, and a missing table at the end of the file.
///
/// # Errors
/// The text is not TOML, TOML cannot express the value, the key is a table, or it leads through something that is not a
/// table.
pub(crate) fn set(text: &str, keys: &[String], value: &Json) -> Result<String, TomlProblem> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = parse(body)?;
    let rendered = render(value).map_err(|found| TomlProblem::Value {
        key: dotted(keys),
        found,
    })?;
    let found = lookup(&document, keys)?;
    if found.is_some_and(|found| same(found, value)) {
        return Ok(text.to_owned());
    }
    let candidates = match found {
        Some(found) => replaced(body, keys, found, value, &rendered)?,
        None => vec![insert(body, document.as_table(), keys, &rendered)?],
    };
    let changed = candidates
        .into_iter()
        .find_map(|changed| checked(changed, keys, |after| same(after, value)).ok())
        .ok_or_else(|| TomlProblem::Unsafe { key: dotted(keys) })?;
    Ok(format!("{}{changed}", &text[..text.len() - body.len()]))
}

/// The text with a value replaced: first in the style of the old value, then in the usual one.
fn replaced(
    text: &str,
    keys: &[String],
    found: &Value,
    value: &Json,
    rendered: &str,
) -> Result<Vec<String>, TomlProblem> {
    let Some(span) = found.span() else {
        return Err(TomlProblem::Unsafe { key: dotted(keys) });
    };
    let mut candidates = Vec::new();
    match (found, value) {
        (Value::String(old), Json::String(new)) => {
            let spellings = toml_string::spellings(new, &text[span.clone()], old.value(), line_end(text));
            candidates.extend(spellings.iter().map(|spelling| splice(text, span.clone(), spelling)));
        }
        (Value::Array(_), Json::Array(items)) => {
            let written = |item: &Json| render(item).unwrap_or_default();
            candidates.extend(toml_array::with_elements(text, keys, items, same, written)?);
        }
        _ => {}
    }
    candidates.push(splice(text, span, rendered));
    Ok(candidates)
}

/// Parses TOML, with the positions of all items.
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

/// Returns the changed text if it parses and the value at the key is the intended one.
pub(super) fn checked(text: String, keys: &[String], good: impl Fn(&Value) -> bool) -> Result<String, TomlProblem> {
    let is_good = parse(&text).is_ok_and(|document| lookup(&document, keys).is_ok_and(|value| value.is_some_and(good)));
    if is_good {
        Ok(text)
    } else {
        Err(TomlProblem::Unsafe { key: dotted(keys) })
    }
}

/// The text with a range replaced.
pub(super) fn splice(text: &str, range: Range<usize>, replacement: &str) -> String {
    format!("{}{replacement}{}", &text[..range.start], &text[range.end..])
}

/// Adds an absent key: to its table if the text has that table, otherwise to a new table.
fn insert(text: &str, root: &Table, keys: &[String], rendered: &str) -> Result<String, TomlProblem> {
    let mut table = root;
    // The innermost table with a header, or the root; the number of keys in its name; and the current depth.
    let (mut home, mut taken, mut depth, mut is_dotted) = (Some(root), 0, 0, false);
    for key in &keys[..keys.len() - 1] {
        match table.get(key) {
            Some(Item::Table(next)) => {
                depth += 1;
                table = next;
                is_dotted = next.is_dotted();
                if !is_dotted {
                    (home, taken) = ((!next.is_implicit()).then_some(next), depth);
                }
            }
            Some(Item::Value(Value::InlineTable(inline))) => {
                return insert_inline(text, inline, &keys[depth + 1..], rendered);
            }
            _ => break,
        }
    }
    let written_here = depth == keys.len() - 1 || is_dotted;
    match home {
        Some(home) if written_here => Ok(insert_line(text, home, &keys[taken..], rendered)),
        _ => Ok(append_table(text, keys, rendered)),
    }
}

/// Adds `key = value` after the last key of an inline table, which may itself be nested.
fn insert_inline(
    text: &str,
    inline: &toml_edit::InlineTable,
    keys: &[String],
    rendered: &str,
) -> Result<String, TomlProblem> {
    if let [first, rest @ ..] = keys
        && !rest.is_empty()
        && let Some(Value::InlineTable(next)) = inline.get(first)
        && !next.is_dotted()
    {
        return insert_inline(text, next, rest, rendered);
    }
    let entry = format!("{} = {rendered}", dotted(keys));
    let last = inline
        .iter()
        .filter_map(|(_, value)| value.span())
        .map(|span| span.end)
        .max();
    match (last, inline.span()) {
        (Some(end), _) => Ok(splice(text, end..end, &format!(", {entry}"))),
        (None, Some(span)) => Ok(splice(text, span, &format!("{{ {entry} }}"))),
        (None, None) => Err(TomlProblem::Unsafe { key: dotted(keys) }),
    }
}

/// Adds a line after the last key of a table, or after its header if it has no keys.
fn insert_line(text: &str, table: &Table, keys: &[String], rendered: &str) -> String {
    let end = line_end(text);
    let entry = format!("{} = {rendered}", dotted(keys));
    let Some((key_start, value_end)) = last_entry(table) else {
        return match table.span().filter(|span| !span.is_empty()) {
            Some(header) => line_after(text, header.end, &entry, end),
            None => format!("{entry}{end}{text}"),
        };
    };
    let line_start = text[..key_start].rfind('\n').map_or(0, |at| at + 1);
    let indent: String = text[line_start..key_start]
        .chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .collect();
    line_after(text, value_end, &format!("{indent}{entry}"), end)
}

/// The start of the last key in a table's own lines, and the end of its value.
fn last_entry(table: &Table) -> Option<(usize, usize)> {
    let entry = |(name, item): (&str, &Item)| match item {
        Item::Value(value) => Some((table.key(name)?.span()?.start, value.span()?.end)),
        Item::Table(inner) if inner.is_dotted() => last_entry(inner),
        _ => None,
    };
    table.iter().filter_map(entry).max_by_key(|(_, end)| *end)
}

/// Adds a line after the line at a position. If the last line has no line end, the new last line has none either.
pub(super) fn line_after(text: &str, position: usize, line: &str, end: &str) -> String {
    match text[position..].find('\n') {
        Some(at) => splice(text, position + at + 1..position + at + 1, &format!("{line}{end}")),
        None => format!("{text}{end}{line}"),
    }
}

/// Adds a table with one key at the end of the file.
fn append_table(text: &str, keys: &[String], rendered: &str) -> String {
    let end = line_end(text);
    let (name, tables) = keys
        .split_last()
        .map_or((&[][..], &[][..]), |(_, tables)| (&keys[tables.len()..], tables));
    let entry = format!("[{}]{end}{} = {rendered}", dotted(tables), dotted(name));
    if text.is_empty() {
        format!("{entry}{end}")
    } else if text.ends_with('\n') {
        format!("{text}{end}{entry}{end}")
    } else {
        format!("{text}{end}{end}{entry}")
    }
}

/// Writes a value as TOML on one line. `Err` says which kind of value TOML cannot express.
///
/// # Errors
/// The value contains `null`, or an integer that does not fit 64 signed bits.
fn render(value: &Json) -> Result<String, &'static str> {
    match value {
        Json::Null => Err("null"),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(integer.to_string()),
            // JSON readers turn such an integer into a float, which would be another number.
            (None, Some(float)) if !number.is_f64() || float.fract() == 0.0 && float.abs() >= BEYOND_INTEGERS => {
                Err("an integer beyond 64 signed bits")
            }
            (None, float) => Ok(format!("{:?}", float.unwrap_or_default())),
        },
        Json::String(text) => Ok(quote(text)),
        Json::Array(items) => Ok(format!("[{}]", join(items.iter().map(render))?)),
        Json::Object(fields) if fields.is_empty() => Ok("{}".into()),
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| Ok(format!("{} = {}", key(name), render(value)?));
            Ok(format!("{{ {} }}", join(fields.iter().map(field))?))
        }
    }
}

fn join(parts: impl Iterator<Item = Result<String, &'static str>>) -> Result<String, &'static str> {
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(", "))
}

/// A TOML basic string. JSON and TOML have the same escapes, except for the delete character.
pub(crate) fn quote(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007F")
}

/// One TOML key, quoted if necessary.
pub(crate) fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quote(name)
    }
}

pub(crate) fn dotted(keys: &[String]) -> String {
    keys.iter().map(|name| key(name)).collect::<Vec<_>>().join(".")
}

/// Whether a TOML value equals a JSON value in type and content.
fn same(found: &toml_edit::Value, wanted: &Json) -> bool {
    use toml_edit::Value as Toml;
    match (found, wanted) {
        (Toml::String(text), Json::String(other)) => text.value() == other,
        (Toml::Boolean(flag), Json::Bool(other)) => flag.value() == other,
        (Toml::Integer(number), Json::Number(other)) => !other.is_f64() && Some(*number.value()) == other.as_i64(),
        (Toml::Float(number), Json::Number(other)) => other.is_f64() && Some(*number.value()) == other.as_f64(),
        (Toml::Array(items), Json::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| same(item, other))
        }
        (Toml::InlineTable(table), Json::Object(others)) => {
            let field = |(name, other): (&String, &Json)| table.get(name).is_some_and(|item| same(item, other));
            table.len() == others.len() && others.iter().all(field)
        }
        _ => false,
    }
}
