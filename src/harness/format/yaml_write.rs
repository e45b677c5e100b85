//! Changes of YAML: its maps and lists, outside brackets by lines.

use std::ops::Range;

use serde_json::Value as Json;

use super::bracketed::{Brackets, CommentStyle};
use super::json_write::elements;
use super::node::{Form, Node, NodeShape, NodeStep};
use super::splice::{Splice, line_after, line_end, line_start, next_line};
use super::yaml_block::BlockHead;
use super::yaml_render::{YamlIndents, flow, key};
use super::yaml_spelling::{double_quoted, spellings};

/// The value at the end of steps replaced: the ways to write it, the best first.
pub(super) fn replaced(text: &str, tree: &Node, steps: &[NodeStep], value: &Json) -> Vec<Splice> {
    let (Some(node), parent) = (tree.at(steps), parent_of(tree, steps)) else {
        return Vec::new();
    };
    let is_scalar = !value.is_array() && !value.is_object();
    let was_scalar = matches!(node.shape, NodeShape::Scalar(_));
    if is_scalar && was_scalar {
        let in_flow = parent.is_some_and(|parent| parent.form == Form::Inline);
        return scalar_replaced(text, node, value, in_flow);
    }
    let brackets = Splice::replace(node.span.clone(), format!("{}{}", gap(text, node), flow(value)));
    let (Some(lead), Some(column)) = (node.lead, parent.and_then(block_column)) else {
        return vec![brackets];
    };
    let indents = match node.value() {
        // An empty value that becomes a map or a list is like a new one.
        Json::Null => YamlIndents::of(text, tree),
        _ => YamlIndents::around(text, tree, steps),
    };
    let lines = indents.after_lead(value, column, matches!(steps.last(), Some(NodeStep::Index(_))));
    let in_lines = in_lines(text, node, lead, &lines);
    let was_flow = node.form == Form::Inline && !was_scalar;
    match was_flow && !is_scalar {
        // A list that was empty may get long items, which are better on lines.
        true if node.size() == 1 && brackets.is_long() => in_lines.into_iter().chain([brackets]).collect(),
        true => [brackets].into_iter().chain(in_lines).collect(),
        false => in_lines.into_iter().collect(),
    }
}

/// A blank, if nothing separates the value from the `:` or `-` before it.
fn gap(text: &str, node: &Node) -> &'static str {
    match text[..node.span.start].ends_with([':', '-']) && node.span.is_empty() {
        true => " ",
        false => "",
    }
}

fn scalar_replaced(text: &str, node: &Node, value: &Json, in_flow: bool) -> Vec<Splice> {
    let (gap, comment) = (gap(text, node), comment_of_block(text, node));
    let spelled = spellings(text, node, value, in_flow).into_iter();
    let whole = spelled.map(|one| match one.starts_with(['|', '>']) {
        true => format!("{gap}{one}"),
        false => format!("{gap}{one}{comment}"),
    });
    whole.map(|one| Splice::replace(node.span.clone(), one)).collect()
}

/// The blanks and the comment on the first line of a block of text.
fn comment_of_block<'t>(text: &'t str, node: &Node) -> &'t str {
    let written = &text[node.span.clone()];
    let head = BlockHead::of(written.lines().next().unwrap_or_default());
    let is_block = matches!(node.form, Form::Block { .. });
    head.filter(|_| is_block).map_or("", |head| head.rest.trim_end())
}

/// New lines behind a `:` or `-` in the place of a value. A comment behind the name stays.
fn in_lines(text: &str, node: &Node, lead: usize, lines: &str) -> Option<Splice> {
    let has_own_lines = lines.starts_with(['\n', '\r']);
    let comment = comment_of_block(text, node);
    match (text[lead..node.span.start].find('#'), has_own_lines) {
        (None, true) => Some(Splice::replace(lead..node.span.end, format!("{comment}{lines}"))),
        (None, false) if comment.is_empty() || !lines.contains('\n') => {
            Some(Splice::replace(lead..node.span.end, format!("{lines}{comment}")))
        }
        (Some(at), true) => {
            let line = text[lead + at..]
                .find('\n')
                .map_or(node.span.end, |end| lead + at + end);
            let end = line - usize::from(text[..line].ends_with('\r'));
            Some(Splice::replace(end..node.span.end, lines))
        }
        _ => None,
    }
}

fn parent_of<'n>(tree: &'n Node, steps: &[NodeStep]) -> Option<&'n Node> {
    let (_, parents) = steps.split_last()?;
    tree.at(parents)
}

/// The column of the names or items of a collection outside brackets.
fn block_column(node: &Node) -> Option<usize> {
    match node.form {
        Form::Block { indent } => Some(indent),
        _ => None,
    }
}

/// A new member at the end of a map, or at its start. More names than one: maps in maps.
pub(super) fn member_inserted(
    text: &str,
    tree: &Node,
    steps: &[NodeStep],
    names: &[String],
    value: &Json,
) -> Vec<Splice> {
    let (Some(map), Some((name, inner))) = (tree.at(steps), names.split_first()) else {
        return Vec::new();
    };
    let value = inner
        .iter()
        .rev()
        .fold(value.clone(), |value, name| serde_json::json!({ name: value }));
    let Some(column) = block_column(map) else {
        let element = format!("{}: {}", key(name, true), flow(&value));
        return vec![bracketed(text, map).inserted(map.members().len(), &element)];
    };
    let lines = YamlIndents::of(text, tree);
    let entry = format!(
        "{}{}:{}",
        " ".repeat(column),
        key(name, false),
        lines.after_lead(&value, column, false)
    );
    match (map.members().first(), map.members().last()) {
        (Some(first), Some(last)) => {
            let mut proposals = vec![line_after(text, last.node.span.end.max(last.name_span.end), &entry)];
            if !text.ends_with('\n') {
                let end = line_end(text);
                proposals.push(Splice::insert(text.len(), format!("{end}{entry}{end}")));
            }
            proposals.extend(line_before(text, first.name_span.start, &entry));
            proposals
        }
        _ if text.is_empty() || text.ends_with('\n') => {
            vec![Splice::insert(text.len(), format!("{entry}{}", line_end(text)))]
        }
        _ => vec![Splice::insert(text.len(), format!("{}{entry}", line_end(text)))],
    }
}

/// A new item of a list at an index.
pub(super) fn item_inserted(text: &str, tree: &Node, steps: &[NodeStep], at: usize, value: &Json) -> Vec<Splice> {
    let Some(list) = tree.at(steps) else {
        return Vec::new();
    };
    let Some(column) = block_column(list) else {
        return vec![bracketed(text, list).inserted(at, &like_last(text, list, value))];
    };
    let lines = YamlIndents::of_item(text, tree, list);
    let entry = match (list.items().last(), value) {
        (Some(last), Json::String(new)) if matches!(last.shape, NodeShape::Scalar(_)) && !new.contains('\n') => {
            format!("{}- {}", " ".repeat(column), like_last(text, list, value))
        }
        _ => format!("{}-{}", " ".repeat(column), lines.after_lead(value, column, true)),
    };
    match list.items().get(at) {
        Some(next) => next
            .lead
            .and_then(|lead| line_before(text, lead - 1, &entry))
            .into_iter()
            .collect(),
        None => {
            let end = list
                .items()
                .last()
                .map_or(list.span.end, |last| last.span.end.max(last.lead.unwrap_or_default()));
            vec![line_after(text, end, &entry)]
        }
    }
}

/// An item in the quotes of the last item.
fn like_last(text: &str, list: &Node, value: &Json) -> String {
    let Some(last) = list.items().last() else {
        return flow(value);
    };
    let quote = text[last.span.clone()].chars().next();
    match (value, quote) {
        (Json::String(new), Some('\'')) if !new.chars().any(char::is_control) => {
            format!("'{}'", new.replace('\'', "''"))
        }
        (Json::String(new), Some('"')) => double_quoted(new),
        _ => flow(value),
    }
}

/// A line before the line of a position, if the line has only blanks before it.
fn line_before(text: &str, position: usize, line: &str) -> Option<Splice> {
    let start = line_start(text, position);
    text[start..position]
        .trim()
        .is_empty()
        .then(|| Splice::insert(start, format!("{line}{}", line_end(text))))
}

/// The member or item at the end of steps taken out.
pub(super) fn removed(text: &str, tree: &Node, steps: &[NodeStep]) -> Vec<Splice> {
    let (Some(parent), Some(last)) = (parent_of(tree, steps), steps.last()) else {
        return Vec::new();
    };
    let places = places(parent);
    let index = match last {
        NodeStep::Index(index) => Some(*index),
        NodeStep::Name(name) => parent.members().iter().position(|member| member.name == *name),
    };
    let Some(index) = index.filter(|index| *index < places.len()) else {
        return Vec::new();
    };
    if block_column(parent).is_none() {
        return vec![bracketed(text, parent).removed(index)];
    }
    if places.len() == 1 && steps.len() > 1 {
        return emptied(text, parent, &places[0]).into_iter().collect();
    }
    let place = &places[index];
    if let Some(lines) = own_lines(text, place) {
        return vec![Splice::remove(lines)];
    }
    // It is on the line of its parent's `-`: the next one takes its place.
    let next = places
        .get(index + 1)
        .filter(|next| text[place.end..next.start].trim().is_empty());
    next.map(|next| Splice::remove(place.start..next.start))
        .into_iter()
        .collect()
}

/// The lines of an element, if no other one begins on its first line.
fn own_lines(text: &str, place: &Range<usize>) -> Option<Range<usize>> {
    let start = line_start(text, place.start);
    let is_first = text[start..place.start].trim_matches(' ').is_empty();
    is_first.then(|| match next_line(text, place.end) {
        Some(next) => start..next,
        // Without a line end, the line before loses its own.
        None => text[..start].trim_end_matches(['\n', '\r']).len()..text.len(),
    })
}

/// The collection without its only element.
fn emptied(text: &str, parent: &Node, place: &Range<usize>) -> Option<Splice> {
    let lead = parent.lead?;
    let empty = match parent.shape {
        NodeShape::List(_) => " []",
        _ => " {}",
    };
    match own_lines(text, place).filter(|lines| lead <= lines.start) {
        Some(lines) => Some(Splice::insert(lead, empty).and(Splice::remove(lines))),
        None => {
            let has_comment = text[lead..parent.span.end].contains('#');
            (!has_comment).then(|| Splice::replace(lead..parent.span.end, empty))
        }
    }
}

/// The places of the elements outside brackets, from the name or the `-`.
fn places(parent: &Node) -> Vec<Range<usize>> {
    match &parent.shape {
        NodeShape::Scalar(_) => Vec::new(),
        NodeShape::List(items) => items
            .iter()
            .map(|item| item.lead.map_or(item.span.start, |lead| lead - 1)..item.span.end)
            .collect(),
        NodeShape::Map(members) => members
            .iter()
            .map(|member| member.name_span.start..member.node.span.end)
            .collect(),
    }
}

fn bracketed<'t>(text: &'t str, node: &Node) -> Brackets<'t> {
    // The anchor of an item belongs to it.
    let with_anchor = |element: Range<usize>| {
        let before = text[..element.start].trim_end();
        let word = before.rfind([' ', ',', '[', '\n', '\t']).map_or(0, |at| at + 1);
        let is_anchor = before[word..].starts_with('&') && word > node.span.start;
        let start = if is_anchor { word } else { element.start };
        start..element.end
    };
    let elements = elements(node).into_iter();
    Brackets {
        text,
        span: node.span.clone(),
        elements: match node.shape {
            NodeShape::List(_) => elements.map(with_anchor).collect(),
            _ => elements.collect(),
        },
        comments: CommentStyle::Hash,
    }
}
