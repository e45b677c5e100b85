//! Takes members, items and tables out of TOML.

use std::ops::Range;

use toml_edit::{Document, Item, Table};

use super::error::FormatError;
use super::node::{Form, Node, NodeStep};
use super::splice::{Splice, line_start, next_line};
use super::toml_read::parsed;
use super::toml_write::bracketed;

/// The member or item at the end of steps taken out.
///
/// # Errors
/// The text is not TOML.
pub(super) fn removed(text: &str, tree: &Node, steps: &[NodeStep]) -> Result<Option<Splice>, FormatError> {
    let Some((last, parents)) = steps.split_last() else {
        return Ok(None);
    };
    let (Some(parent), Some(node)) = (tree.at(parents), tree.at(steps)) else {
        return Ok(None);
    };
    if parent.form == Form::Inline {
        let index = match last {
            NodeStep::Index(index) => Some(*index),
            NodeStep::Name(name) => parent.members().iter().position(|member| member.name == *name),
        };
        return Ok(index.map(|index| bracketed(text, parent).removed(index)));
    }
    let document = parsed(text)?;
    let mut lines = Vec::new();
    let name_span = parent
        .members()
        .iter()
        .find(|member| NodeStep::Name(member.name.clone()) == *last)
        .map(|member| member.name_span.clone());
    match (node.form, name_span) {
        (Form::Inline, Some(name)) => lines.push(lines_of(text, name.start, node.span.end)),
        _ => {
            extents(text, &document, steps, &mut lines);
            dotted_lines(text, node, &mut lines);
        }
    }
    lines.sort_by_key(|range| range.start);
    lines.dedup_by(|next, before| {
        let overlaps = next.start <= before.end;
        if overlaps {
            before.end = before.end.max(next.end);
        }
        overlaps
    });
    Ok(lines.into_iter().map(Splice::remove).reduce(Splice::and))
}

fn lines_of(text: &str, start: usize, end: usize) -> Range<usize> {
    let from = line_start(text, start);
    match next_line(text, end) {
        Some(next) => from..next,
        // Without a line end, the line before loses its own.
        None => text[..from].trim_end_matches(['\n', '\r']).len()..text.len(),
    }
}

/// The lines of the values in a table of dotted keys.
fn dotted_lines(text: &str, node: &Node, lines: &mut Vec<Range<usize>>) {
    for member in node.members() {
        match member.node.form {
            Form::Inline => lines.push(lines_of(text, member.name_span.start, member.node.span.end)),
            _ => dotted_lines(text, &member.node, lines),
        }
    }
    for item in node.items() {
        dotted_lines(text, item, lines);
    }
}

/// The lines of the tables with headers at or under the end of steps.
fn extents(text: &str, document: &Document<&str>, steps: &[NodeStep], lines: &mut Vec<Range<usize>>) {
    let mut headers = Vec::new();
    collect_headers(document.as_table(), &mut Vec::new(), &mut headers);
    headers.sort_by_key(|(_, span)| span.start);
    for (at, (path, header)) in headers.iter().enumerate() {
        if path.starts_with(steps) {
            let limit = headers
                .get(at + 1)
                .map_or(text.len(), |(_, next)| line_start(text, next.start));
            // Comments above the next header belong to it.
            let body = &text[header.end..limit];
            let own = body.len() - trailing_comments(body);
            lines.push(line_start(text, header.start)..header.end + own);
        }
    }
}

/// The length of the comments at the end of the lines of a table.
fn trailing_comments(body: &str) -> usize {
    let of_next = body
        .split_inclusive('\n')
        .rev()
        .take_while(|line| line.trim_start().starts_with('#'));
    of_next.map(str::len).sum()
}

fn collect_headers(table: &Table, path: &mut Vec<NodeStep>, headers: &mut Vec<(Vec<NodeStep>, Range<usize>)>) {
    if let Some(span) = table
        .span()
        .filter(|span| !span.is_empty() && !table.is_dotted() && !table.is_implicit() && !path.is_empty())
    {
        headers.push((path.clone(), span));
    }
    for (name, item) in table {
        path.push(NodeStep::Name(name.to_owned()));
        match item {
            Item::Table(inner) => collect_headers(inner, path, headers),
            Item::ArrayOfTables(tables) => {
                for (index, inner) in tables.iter().enumerate() {
                    path.push(NodeStep::Index(index));
                    collect_headers(inner, path, headers);
                    path.pop();
                }
            }
            _ => {}
        }
        path.pop();
    }
}
