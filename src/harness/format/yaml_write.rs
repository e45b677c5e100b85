//! Changes of YAML: its maps and lists, outside brackets by lines.

use std::ops::Range;

use serde_json::Value as Json;

use super::bracketed::{Bracketed, CommentStyle};
use super::json_write::elements;
use super::node::{Form, Node, Shape, Step};
use super::splice::{Splice, line_after, line_end, line_start, next_line};
use super::yaml_render::{YamlLines, flow, key};
use super::yaml_spelling::{double_quoted, spellings};

/// The value at the end of steps replaced: the ways to write it, the best first.
pub(super) fn replaced(text: &str, tree: &Node, steps: &[Step], value: &Json) -> Vec<Splice> {
    let (Some(node), parent) = (tree.at(steps), parent_of(tree, steps)) else {
        return Vec::new();
    };
    let in_flow = parent.is_some_and(|parent| parent.form == Form::Inline);
    let is_scalar = !value.is_array() && !value.is_object();
    let was_scalar = matches!(node.shape, Shape::Scalar(_));
    if is_scalar && was_scalar {
        let gap = if node.span.is_empty() && text[..node.span.start].ends_with(':')
            || text[..node.span.start].ends_with('-') && node.span.is_empty()
        {
            " "
        } else {
            ""
        };
        let spelled = spellings(text, node, value, in_flow);
        return spelled
            .into_iter()
            .map(|one| Splice::replace(node.span.clone(), format!("{gap}{one}")))
            .collect();
    }
    let (Some(lead), Some(column)) = (node.lead, parent.and_then(block_column)) else {
        let gap = if text[..node.span.start].ends_with(':') {
            " "
        } else {
            ""
        };
        return vec![Splice::replace(node.span.clone(), format!("{gap}{}", flow(value)))];
    };
    let in_lines = YamlLines::of(text, tree).after_lead(value, column, matches!(steps.last(), Some(Step::Index(_))));
    let mut proposals = Vec::new();
    let comment = text[lead..node.span.start].find('#');
    match comment {
        None => proposals.push(Splice::replace(lead..node.span.end, in_lines)),
        // The comment behind the name stays.
        Some(at) if in_lines.starts_with(['\n', '\r']) => {
            let end = text[lead + at..]
                .find('\n')
                .map_or(node.span.end, |end| lead + at + end);
            let end = end - usize::from(text[..end].ends_with('\r'));
            proposals.push(Splice::replace(end..node.span.end, in_lines));
        }
        Some(_) => {}
    }
    let is_flow = node.form == Form::Inline && !was_scalar;
    if is_flow && !is_scalar {
        let is_short = !flow(value).contains(['{', '\n']) && !flow(value).contains("\\n");
        proposals.insert(
            usize::from(!is_short && node.size() == 1),
            Splice::replace(node.span.clone(), flow(value)),
        );
    }
    proposals
}

fn parent_of<'n>(tree: &'n Node, steps: &[Step]) -> Option<&'n Node> {
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
pub(super) fn member_inserted(text: &str, tree: &Node, steps: &[Step], names: &[String], value: &Json) -> Vec<Splice> {
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
    let lines = YamlLines::of(text, tree);
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
pub(super) fn item_inserted(text: &str, tree: &Node, steps: &[Step], at: usize, value: &Json) -> Vec<Splice> {
    let Some(list) = tree.at(steps) else {
        return Vec::new();
    };
    let Some(column) = block_column(list) else {
        return vec![bracketed(text, list).inserted(at, &like_last(text, list, value))];
    };
    let lines = YamlLines::of(text, tree);
    let entry = match (list.items().last(), value) {
        (Some(last), Json::String(_)) if matches!(last.shape, Shape::Scalar(_)) => {
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

/// A line before the line of a position, if only blanks stand before the position.
fn line_before(text: &str, position: usize, line: &str) -> Option<Splice> {
    let start = line_start(text, position);
    text[start..position]
        .trim()
        .is_empty()
        .then(|| Splice::insert(start, format!("{line}{}", line_end(text))))
}

/// The member or item at the end of steps taken out.
pub(super) fn removed(text: &str, tree: &Node, steps: &[Step]) -> Vec<Splice> {
    let (Some(parent), Some(last)) = (parent_of(tree, steps), steps.last()) else {
        return Vec::new();
    };
    let places = places(parent);
    let index = match last {
        Step::Index(index) => Some(*index),
        Step::Name(name) => parent.members().iter().position(|member| member.name == *name),
    };
    let Some(index) = index.filter(|index| *index < places.len()) else {
        return Vec::new();
    };
    if block_column(parent).is_none() {
        return vec![bracketed(text, parent).removed(index)];
    }
    if places.len() == 1 && steps.len() > 1 {
        return emptied(text, parent).into_iter().collect();
    }
    let place = &places[index];
    let start = line_start(text, place.start);
    if text[start..place.start].trim_matches([' ', '\u{feff}']).is_empty() {
        let gone = match next_line(text, place.end) {
            Some(next) => start..next,
            // Without a line end, the line before loses its own.
            None => text[..start].trim_end_matches(['\n', '\r']).len()..text.len(),
        };
        return vec![Splice::remove(gone)];
    }
    // It stands behind the `-` of its parent: the next one takes its place.
    let next = places
        .get(index + 1)
        .filter(|next| text[place.end..next.start].trim().is_empty());
    next.map(|next| Splice::remove(place.start..next.start))
        .into_iter()
        .collect()
}

/// The collection without its only element.
fn emptied(text: &str, parent: &Node) -> Option<Splice> {
    let lead = parent.lead.filter(|lead| !text[*lead..parent.span.end].contains('#'))?;
    let empty = match parent.shape {
        Shape::List(_) => " []",
        _ => " {}",
    };
    Some(Splice::replace(lead..parent.span.end, empty))
}

/// The places of the elements outside brackets, from the name or the `-`.
fn places(parent: &Node) -> Vec<Range<usize>> {
    match &parent.shape {
        Shape::Scalar(_) => Vec::new(),
        Shape::List(items) => items
            .iter()
            .map(|item| item.lead.map_or(item.span.start, |lead| lead - 1)..item.span.end)
            .collect(),
        Shape::Map(members) => members
            .iter()
            .map(|member| member.name_span.start..member.node.span.end)
            .collect(),
    }
}

fn bracketed<'t>(text: &'t str, node: &Node) -> Bracketed<'t> {
    Bracketed {
        text,
        span: node.span.clone(),
        elements: elements(node),
        comments: CommentStyle::Hash,
    }
}
