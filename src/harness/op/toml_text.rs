//! Sets one value in TOML text: only the line of that value changes, every other byte stays.
//!
//! The parser only finds the positions. The change is a splice of the text, because an editor that writes the whole
//! document loses CRLF line ends and adds a last line end.

use std::ops::Range;

use serde_json::Value as Json;
use toml_edit::{Document, Item, Table, Value};

use super::inapplicable::TomlProblem;

/// Sets the value at a key; a missing key goes to the end of its table, a missing table to the end of the file.
///
/// # Errors
/// Text that is not TOML, a value that TOML cannot hold, a key that is a table or leads through something else.
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
    let changed = match found.and_then(Value::span) {
        Some(span) => splice(body, span, &rendered),
        None => insert(body, document.as_table(), keys, &rendered)?,
    };
    let changed = checked(changed, keys, |after| same(after, value))?;
    Ok(format!("{}{changed}", &text[..text.len() - body.len()]))
}

/// Parses TOML, keeping where everything stands.
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

/// The value at a key; `None` when it is absent.
///
/// # Errors
/// A key that is a table, or that leads through something that is not a table.
pub(super) fn lookup<'a>(document: &'a Document<&str>, keys: &[String]) -> Result<Option<&'a Value>, TomlProblem> {
    let shape = |found| TomlProblem::Shape {
        key: dotted(keys),
        found,
    };
    let mut item = document.as_item();
    for key in keys {
        if item.is_array_of_tables() {
            return Err(shape("below an array of tables"));
        }
        let table = item
            .as_table_like()
            .ok_or_else(|| shape("below a value that is no table"))?;
        match table.get(key) {
            Some(next) => item = next,
            None => return Ok(None),
        }
    }
    item.as_value().map(Some).ok_or_else(|| shape("a table"))
}

/// The changed text, if it still parses and the value at the key is what was wanted.
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

/// The line end that the file uses.
pub(super) fn line_end(text: &str) -> &'static str {
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    if crlf { "\r\n" } else { "\n" }
}

/// Adds a key that is absent: in the innermost table that is written down, otherwise in a new table.
fn insert(text: &str, root: &Table, keys: &[String], rendered: &str) -> Result<String, TomlProblem> {
    let mut table = root;
    // The innermost table with a header, or the root: its keys, and how many keys of ours its name takes.
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

/// Adds a line after the last key of a table, or after its header when it has none.
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

/// Where the last key and value that stand in a table's own lines begin and end.
fn last_entry(table: &Table) -> Option<(usize, usize)> {
    let entry = |(name, item): (&str, &Item)| match item {
        Item::Value(value) => Some((table.key(name)?.span()?.start, value.span()?.end)),
        Item::Table(inner) if inner.is_dotted() => last_entry(inner),
        _ => None,
    };
    table.iter().filter_map(entry).max_by_key(|(_, end)| *end)
}

/// Adds a line after the one that holds a position; a file without a last line end stays without.
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

/// A value as TOML on one line; `Err` says what cannot be written.
///
/// # Errors
/// `null`, and integers beyond 64 signed bits, anywhere in the value.
fn render(value: &Json) -> Result<String, &'static str> {
    match value {
        Json::Null => Err("null"),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Number(number) => match (number.as_i64(), number.is_f64()) {
            (Some(integer), _) => Ok(integer.to_string()),
            (None, true) => Ok(format!("{:?}", number.as_f64().unwrap_or_default())),
            (None, false) => Err("an integer beyond 64 signed bits"),
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

/// A TOML basic string; JSON's escapes are TOML's, but for the delete character.
pub(crate) fn quote(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007F")
}

/// One TOML key, quoted where it must be.
pub(crate) fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quote(name)
    }
}

/// A dotted TOML key.
pub(crate) fn dotted(keys: &[String]) -> String {
    keys.iter().map(|name| key(name)).collect::<Vec<_>>().join(".")
}

/// Whether a TOML value is the same as a JSON value, type by type.
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
