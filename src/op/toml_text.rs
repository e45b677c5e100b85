//! TOML as text: sets values and list items so that only the lines in question change.
//!
//! The editor keeps comments, order and quoting, but turns CRLF into LF, adds a last newline, and drops the comment
//! behind a value that is replaced. All three are put right here.

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::inapplicable::Inapplicable;
use crate::harness::Harness;

/// The text of a TOML file; an absent one is empty.
///
/// # Errors
/// The file is not UTF-8.
pub fn read(harness: &Harness, path: &str) -> Result<String, Inapplicable> {
    let bytes = harness.get(path).unwrap_or_default();
    let problem = || Inapplicable::File {
        path: path.to_owned(),
        problem: "it is not UTF-8".into(),
    };
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| problem())
}

/// Sets the value at a key path; tables on the way are made.
///
/// # Errors
/// The text is not TOML, something on the way is no table, or the value has no TOML form.
pub fn set(text: &str, keys: &[String], value: &Json) -> Result<String, String> {
    let value = toml_value(value)?;
    edited(text, |document| {
        let (table, key) = table_of(document, keys)?;
        match table.get_mut(key) {
            Some(Item::Value(old)) if same(old, &value) => {}
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            Some(Item::None) | None => {
                table.insert(key, Item::Value(value));
            }
            Some(_) => return Err(format!("`{}` is a table", keys.join("."))),
        }
        Ok(())
    })
}

/// Adds an item to the list at a key path: an array, or a text with commas. An item that is there is not added again.
///
/// # Errors
/// As for [`set`].
pub fn append(text: &str, keys: &[String], item: &str) -> Result<String, String> {
    change_list(text, keys, item, true)
}

/// Takes an item out of the list at a key path; one that is not there is no error.
///
/// # Errors
/// As for [`set`].
pub fn remove(text: &str, keys: &[String], item: &str) -> Result<String, String> {
    change_list(text, keys, item, false)
}

fn change_list(text: &str, keys: &[String], item: &str, wanted: bool) -> Result<String, String> {
    if !wanted && !text.contains(item) {
        // Making the tables on the way to a list that is not there would be a change.
        return edited(text, |_| Ok(()));
    }
    edited(text, |document| {
        let (table, key) = table_of(document, keys)?;
        match table.get_mut(key) {
            Some(Item::Value(Value::Array(array))) => change_array(array, item, wanted),
            Some(Item::Value(Value::String(list))) => {
                let changed = change_commas(list.value(), item, wanted);
                if changed != *list.value() {
                    let decor = list.decor().clone();
                    *list = toml_edit::Formatted::new(changed);
                    *list.decor_mut() = decor;
                }
            }
            None if wanted => {
                table.insert(key, Item::Value(Value::Array(Array::from_iter([item]))));
            }
            None => {}
            Some(_) => return Err(format!("`{}` is neither a list nor a text", keys.join("."))),
        }
        Ok(())
    })
}

fn change_array(array: &mut Array, item: &str, wanted: bool) {
    let at = array.iter().position(|value| value.as_str() == Some(item));
    match (at, wanted) {
        (None, true) => push(array, item),
        (Some(at), false) => {
            let removed = array.remove(at);
            if let (0, Some(first)) = (at, array.get_mut(0)) {
                let prefix = removed.decor().prefix().cloned().unwrap_or_default();
                first.decor_mut().set_prefix(prefix);
            }
        }
        _ => {}
    }
}

/// Appends in the form of the items before: on a line of its own when they stand so, behind the last one's comment.
fn push(array: &mut Array, item: &str) {
    let last = array.len().checked_sub(1).and_then(|at| array.get(at));
    let prefix = last
        .and_then(|value| value.decor().prefix()?.as_str().map(str::to_owned))
        .unwrap_or_default();
    let Some(indent) = prefix.rfind('\n').map(|at| prefix[at..].to_owned()) else {
        array.push(item);
        return;
    };
    let trailing = array.trailing().as_str().unwrap_or_default().to_owned();
    let comment = trailing.trim_end().to_owned();
    let mut value = Value::from(item);
    value.decor_mut().set_prefix(format!("{comment}{indent}"));
    array.push_formatted(value);
    array.set_trailing(trailing[comment.len()..].to_owned());
}

fn change_commas(list: &str, item: &str, wanted: bool) -> String {
    let mut items: Vec<&str> = list.split(',').filter(|part| !part.trim().is_empty()).collect();
    let holds = items.iter().any(|part| part.trim() == item);
    match (holds, wanted) {
        (false, true) if items.is_empty() => item.to_owned(),
        (false, true) => format!("{list}{}{item}", if list.contains(", ") { ", " } else { "," }),
        (true, false) => {
            items.retain(|part| part.trim() != item);
            items.join(",").trim_start().to_owned()
        }
        _ => list.to_owned(),
    }
}

/// Parses, changes, prints, and puts byte order mark, line ends and last newline back as they were.
fn edited(text: &str, change: impl FnOnce(&mut DocumentMut) -> Result<(), String>) -> Result<String, String> {
    let (mark, body) = text
        .strip_prefix('\u{feff}')
        .map_or(("", text), |body| ("\u{feff}", body));
    let mut document: DocumentMut = body
        .parse()
        .map_err(|error: toml_edit::TomlError| error.to_string().trim_end().to_owned())?;
    let before = document.to_string();
    change(&mut document)?;
    let after = document.to_string();
    if before == after {
        return Ok(text.to_owned());
    }
    Ok(format!("{mark}{}", restored(body, &before, &after)))
}

/// Unchanged lines as in the original, the others with its usual line end.
fn restored(original: &str, before: &str, after: &str) -> String {
    let (old, was, is) = (pieces(original), pieces(before), pieces(after));
    let head = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
    let most = was.len().min(is.len()) - head;
    let tail = was
        .iter()
        .rev()
        .zip(is.iter().rev())
        .take(most)
        .take_while(|(was, is)| was == is)
        .count();
    let end = if original.contains("\r\n") { "\r\n" } else { "\n" };
    let own = |lines: &[&str]| lines.concat();
    let changed: String = is[head..is.len() - tail]
        .iter()
        .map(|line| line.trim_end_matches(['\r', '\n']).to_owned() + end)
        .collect();
    let mut head_text = own(&old[..head.min(old.len())]);
    if !head_text.is_empty() && !head_text.ends_with('\n') {
        head_text += end;
    }
    let text = head_text + &changed + &own(&old[old.len().saturating_sub(tail)..]);
    let bare = !original.is_empty() && !original.ends_with('\n');
    if bare {
        text.strip_suffix(end).unwrap_or(&text).to_owned()
    } else {
        text
    }
}

fn pieces(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn table_of<'a>(document: &'a mut DocumentMut, keys: &'a [String]) -> Result<(&'a mut dyn TableLike, &'a str), String> {
    let (last, parents) = keys.split_last().ok_or("no key is named")?;
    let mut table: &mut dyn TableLike = document.as_table_mut();
    let mut inline = false;
    for (depth, key) in parents.iter().enumerate() {
        if table.get(key).is_none_or(Item::is_none) {
            table.insert(key, fresh(inline, depth + 1 < parents.len()));
        }
        let item = table.get_mut(key).ok_or("a table could not be made")?;
        inline = item.is_inline_table();
        table = item
            .as_table_like_mut()
            .ok_or_else(|| format!("`{}` is not a table", parents[..=depth].join(".")))?;
    }
    Ok((table, last))
}

/// A new table; one that only holds others needs no header.
fn fresh(inline: bool, holds_others: bool) -> Item {
    if inline {
        return Item::Value(Value::InlineTable(InlineTable::new()));
    }
    let mut table = Table::new();
    table.set_implicit(holds_others);
    Item::Table(table)
}

fn toml_value(value: &Json) -> Result<Value, String> {
    Ok(match value {
        Json::Null => return Err("null has no form in TOML".into()),
        Json::Bool(flag) => Value::from(*flag),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(fraction)) if !number.is_u64() => Value::from(fraction),
            _ => return Err(format!("{number} has no form in TOML")),
        },
        Json::Array(items) => Value::Array(items.iter().map(toml_value).collect::<Result<Array, _>>()?),
        Json::Object(fields) => {
            let field = |(key, value): (&String, &Json)| Ok((key.clone(), toml_value(value)?));
            Value::InlineTable(fields.iter().map(field).collect::<Result<InlineTable, String>>()?)
        }
    })
}

/// Whether two values say the same, however they are written.
fn same(old: &Value, new: &Value) -> bool {
    let plain = |value: &Value| value.clone().decorated("", "").to_string().parse::<toml::Value>().ok();
    plain(old).is_some_and(|old| Some(old) == plain(new))
}
