//! Adds members to TOML tables.

use serde_json::Value as Json;
use toml_edit::{InlineTable, Item, Table, Value};

use super::error::FormatError;
use super::node::{Form, Node, NodeStep};
use super::splice::{Splice, indent_at, line_after, line_end};
use super::toml_read::parsed;
use super::toml_write::{bracketed, dotted, render};

/// A new member of the table at the end of steps: in its lines, or in a new table at the end of the file.
///
/// # Errors
/// The text is not TOML, or TOML cannot express the value.
pub(super) fn member_inserted(
    text: &str,
    tree: &Node,
    steps: &[NodeStep],
    names: &[String],
    value: &Json,
) -> Result<Result<Option<Splice>, &'static str>, FormatError> {
    let rendered = match render(value) {
        Ok(rendered) => rendered,
        Err(what) => return Ok(Err(what)),
    };
    let document = parsed(text)?;
    let Some(home) = Home::of(document.as_table(), steps) else {
        return Ok(Ok(inline_inserted(text, tree, steps, names, &rendered)));
    };
    let keys: Vec<String> = home.below.iter().chain(names).cloned().collect();
    Ok(Ok(match home.table {
        Some(table) if names.len() == 1 || home.is_dotted => Some(line_inserted(text, table, &keys, &rendered)),
        _ => home
            .path
            .map(|path| table_appended(text, &[&path[..], names].concat(), &rendered)),
    }))
}

/// The innermost table with a header on the way to a table.
struct Home<'d> {
    /// It; `None`: the last table on the way has no lines of its own.
    table: Option<&'d Table>,
    /// The dotted names from it to the end.
    below: Vec<String>,
    is_dotted: bool,
    /// The names of all tables on the way; `None` if a list is on it.
    path: Option<Vec<String>>,
}

impl<'d> Home<'d> {
    /// `None` if the way leads into brackets.
    fn of(root: &'d Table, steps: &[NodeStep]) -> Option<Self> {
        let mut home = Self {
            table: Some(root),
            below: Vec::new(),
            is_dotted: false,
            path: Some(Vec::new()),
        };
        let mut item: Option<&Item> = None;
        let mut table = root;
        for step in steps {
            match step {
                NodeStep::Name(name) => {
                    item = Some(table.get(name)?);
                    home.path = home.path.map(|path| [path, vec![name.clone()]].concat());
                }
                NodeStep::Index(index) => {
                    table = item?.as_array_of_tables()?.get(*index)?;
                    home.path = None;
                    home = Self {
                        table: Some(table),
                        below: Vec::new(),
                        is_dotted: false,
                        path: None,
                    };
                    continue;
                }
            }
            match item {
                Some(Item::Table(next)) => {
                    table = next;
                    home.is_dotted = next.is_dotted();
                    if next.is_dotted() {
                        home.below.extend(step.name());
                    } else {
                        home.below.clear();
                        home.table = (!next.is_implicit()).then_some(next);
                    }
                }
                Some(Item::ArrayOfTables(_)) => {}
                _ => return None,
            }
        }
        Some(home)
    }
}

fn inline_inserted(text: &str, tree: &Node, steps: &[NodeStep], names: &[String], rendered: &str) -> Option<Splice> {
    // A table of dotted keys has no brackets of its own: the names lead from the brackets around it.
    let depth = (0..=steps.len())
        .rev()
        .find(|depth| tree.at(&steps[..*depth]).is_some_and(|node| node.form == Form::Inline))?;
    let outer = tree.at(&steps[..depth])?;
    let keys: Vec<String> = steps[depth..]
        .iter()
        .filter_map(NodeStep::name)
        .chain(names.iter().cloned())
        .collect();
    let entry = format!("{} = {rendered}", dotted(&keys));
    let bracketed = bracketed(text, outer);
    Some(match bracketed.elements.is_empty() {
        true => Splice::replace(outer.span.start + 1..outer.span.end - 1, format!(" {entry} ")),
        false => bracketed.inserted(bracketed.elements.len(), &entry),
    })
}

/// A line after the last key of a table, or after its header if it has no keys.
fn line_inserted(text: &str, table: &Table, keys: &[String], rendered: &str) -> Splice {
    let entry = format!("{} = {rendered}", dotted(keys));
    let Some((key_start, value_end)) = last_entry(table) else {
        return match table.span().filter(|span| !span.is_empty()) {
            Some(header) => line_after(text, header.end, &entry),
            None => Splice::insert(0, format!("{entry}{}", line_end(text))),
        };
    };
    line_after(text, value_end, &format!("{}{entry}", indent_at(text, key_start)))
}

/// The start of the last key in a table's own lines, and the end of its value.
fn last_entry(table: &Table) -> Option<(usize, usize)> {
    let entry = |(name, item): (&str, &Item)| match item {
        Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => last_inline_entry(inner),
        Item::Value(value) => Some((table.key(name)?.span()?.start, value.span()?.end)),
        Item::Table(inner) if inner.is_dotted() => last_entry(inner),
        _ => None,
    };
    table.iter().filter_map(entry).max_by_key(|(_, end)| *end)
}

fn last_inline_entry(table: &InlineTable) -> Option<(usize, usize)> {
    let entry = |(name, value): (&str, &Value)| Some((table.key(name)?.span()?.start, value.span()?.end));
    table.iter().filter_map(entry).max_by_key(|(_, end)| *end)
}

/// A table with one key at the end of the file.
fn table_appended(text: &str, keys: &[String], rendered: &str) -> Splice {
    let end = line_end(text);
    let (tables, name) = keys.split_at(keys.len() - 1);
    let entry = format!("[{}]{end}{} = {rendered}", dotted(tables), dotted(name));
    let added = if text.is_empty() {
        format!("{entry}{end}")
    } else if text.ends_with('\n') {
        format!("{end}{entry}{end}")
    } else {
        format!("{end}{end}{entry}")
    };
    Splice::insert(text.len(), added)
}
