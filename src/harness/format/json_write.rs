//! Changes of JSON, JSON with comments, and JSON Lines.

use std::ops::Range;

use serde_json::Value as Json;

use super::bracketed::{Brackets, CommentStyle};
use super::node::{Member, Node, NodeShape, NodeStep, in_order};
use super::splice::{Splice, indent_at, indent_unit, line_after, line_start, next_line};

/// The maximum length of a list of scalars that is written on one line.
const LONGEST_LIST: usize = 60;

/// How a text writes JSON.
struct JsonStyle<'t> {
    text: &'t str,
    /// The blanks of one level.
    unit: &'t str,
    /// What stands between a name and its value.
    colon: &'t str,
    /// The order of the names in the items of the list.
    names: Vec<String>,
    /// Whether each value stands on one line.
    is_lines: bool,
}

/// The value at the end of steps replaced. Its style depends on nothing that a change of another value changes.
pub(super) fn replaced(text: &str, tree: &Node, steps: &[NodeStep], value: &Json, is_lines: bool) -> Option<Splice> {
    let (style, node) = (JsonStyle::of(text, tree, steps, None, is_lines), tree.at(steps)?);
    let was_long = text[node.span.clone()].contains('\n');
    let start = member_at(tree, steps).map_or(node.span.start, |member| member.name_span.start);
    let line = line_start(text, start);
    let is_on_own_line = line > 0 && text[line..start].trim().is_empty();
    let long = was_long || is_on_own_line;
    let rendered = style.render(value, indent_at(text, node.span.start), long);
    Some(Splice::replace(node.span.clone(), rendered))
}

/// A new member at the end of a map. More names than one: maps in maps.
pub(super) fn member_inserted(
    text: &str,
    tree: &Node,
    steps: &[NodeStep],
    names: &[String],
    value: &Json,
    is_lines: bool,
) -> Option<Splice> {
    let (style, map) = (
        JsonStyle::of(text, tree, steps, first_member(tree), is_lines),
        tree.at(steps)?,
    );
    let (name, inner) = names.split_first()?;
    let value = inner
        .iter()
        .rev()
        .fold(value.clone(), |value, name| serde_json::json!({ name: value }));
    let bracketed = bracketed(text, map);
    let is_open = map.members().is_empty() && text[map.span.clone()].contains('\n');
    let indent = match bracketed.own_lines() {
        Some(indent) => indent.to_owned(),
        None => format!("{}{}", indent_at(text, map.span.start), style.unit),
    };
    let rendered = style.render(&value, &indent, bracketed.own_lines().is_some() || is_open);
    let element = format!("{}{}{rendered}", Json::from(name.as_str()), style.colon);
    Some(bracketed.inserted(map.members().len(), &element))
}

/// A new item of a list at an index.
pub(super) fn item_inserted(
    text: &str,
    tree: &Node,
    steps: &[NodeStep],
    at: usize,
    value: &Json,
    is_lines: bool,
) -> Option<Splice> {
    let (style, list) = (
        JsonStyle::of(text, tree, steps, first_member(tree), is_lines),
        tree.at(steps)?,
    );
    if is_lines && steps.is_empty() {
        let line = style.render(value, "", false);
        return Some(line_inserted(text, list.items(), at, &line));
    }
    let bracketed = bracketed(text, list);
    let own_lines = bracketed.own_lines();
    // Beside collections that take one line each, the new one does so too.
    let is_short = |item: &Node| item.size() > 1 && !text[item.span.clone()].contains('\n');
    let is_long = own_lines.is_some() && !list.items().iter().any(is_short);
    let rendered = style.render(value, own_lines.unwrap_or_default(), is_long);
    Some(bracketed.inserted(at, &rendered))
}

fn line_inserted(text: &str, items: &[Node], at: usize, line: &str) -> Splice {
    match (items.get(at), items.last()) {
        (Some(next), _) => {
            let start = line_start(text, next.span.start);
            Splice::insert(start, format!("{line}{}", super::splice::line_end(text)))
        }
        (None, Some(last)) => line_after(text, last.span.end, line),
        (None, None) => Splice::insert(0, format!("{line}\n")),
    }
}

/// The member or item at the end of steps taken out.
pub(super) fn removed(text: &str, tree: &Node, steps: &[NodeStep], is_lines: bool) -> Option<Splice> {
    let (last, parents) = steps.split_last()?;
    let parent = tree.at(parents)?;
    let index = match last {
        NodeStep::Index(index) => *index,
        NodeStep::Name(name) => parent.members().iter().position(|member| member.name == *name)?,
    };
    if is_lines && parents.is_empty() {
        let start = line_start(text, parent.items().get(index)?.span.start);
        let end = next_line(text, start);
        // Without a line end, the line before loses its own.
        let from = if end.is_none() {
            text[..start].trim_end_matches(['\n', '\r']).len()
        } else {
            start
        };
        return Some(Splice::remove(from..end.unwrap_or(text.len())));
    }
    Some(bracketed(text, parent).removed(index))
}

fn bracketed<'t>(text: &'t str, node: &Node) -> Brackets<'t> {
    Brackets {
        text,
        span: node.span.clone(),
        elements: elements(node),
        comments: CommentStyle::Slashes,
    }
}

/// The places of the elements of a collection.
pub(super) fn elements(node: &Node) -> Vec<Range<usize>> {
    match &node.shape {
        NodeShape::Scalar(_) => Vec::new(),
        NodeShape::List(items) => items.iter().map(|item| item.span.clone()).collect(),
        NodeShape::Map(members) => {
            let range = |member: &Member| member.name_span.start..member.node.span.end;
            members.iter().map(range).collect()
        }
    }
}

impl<'t> JsonStyle<'t> {
    /// The style of the value at the end of steps and of what surrounds it, then of a member elsewhere.
    fn of(text: &'t str, tree: &Node, steps: &[NodeStep], elsewhere: Option<&Member>, is_lines: bool) -> Self {
        let around = (0..=steps.len())
            .rev()
            .filter_map(|depth| member_at(tree, &steps[..depth]));
        let own = tree.at(steps).and_then(first_member);
        let colons = own.into_iter().chain(around).chain(elsewhere);
        let mut colons = colons.map(|member| &text[member.name_span.end..member.node.span.start]);
        Self {
            text,
            unit: if text.contains('\n') { indent_unit(text) } else { "  " },
            colon: colons
                .find(|colon| colon.trim() == ":" && !colon.contains('\n'))
                .unwrap_or(": "),
            names: tree.at(steps).map(Node::names_of_items).unwrap_or_default(),
            is_lines,
        }
    }

    /// Writes a value whose first line has an indentation.
    fn render(&self, value: &Json, indent: &str, is_long: bool) -> String {
        let short = self.short(value);
        let is_collection = match value {
            Json::Array(items) => {
                items.iter().any(|item| item.is_array() || item.is_object()) || short.len() > LONGEST_LIST
            }
            Json::Object(fields) => !fields.is_empty(),
            _ => false,
        };
        if !is_long || !is_collection || self.is_lines {
            return short;
        }
        let end = super::splice::line_end(self.text);
        let inner = format!("{indent}{}", self.unit);
        let (open, close, parts): (_, _, Vec<String>) = match value {
            Json::Array(items) => (
                '[',
                ']',
                items.iter().map(|item| self.render(item, &inner, true)).collect(),
            ),
            Json::Object(fields) => {
                let part = |(name, value): (&String, &Json)| {
                    format!(
                        "{}{}{}",
                        Json::from(name.as_str()),
                        self.colon,
                        self.render(value, &inner, true)
                    )
                };
                ('{', '}', in_order(fields, &self.names).into_iter().map(part).collect())
            }
            _ => return short,
        };
        let separator = format!(",{end}{inner}");
        format!("{open}{end}{inner}{}{end}{indent}{close}", parts.join(&separator))
    }

    /// Writes a value on one line.
    fn short(&self, value: &Json) -> String {
        let comma = if self.colon == ":" { "," } else { ", " };
        match value {
            Json::Array(items) => {
                let parts: Vec<String> = items.iter().map(|item| self.short(item)).collect();
                format!("[{}]", parts.join(comma))
            }
            Json::Object(fields) => {
                let part = |(name, value): (&String, &Json)| {
                    format!("{}{}{}", Json::from(name.as_str()), self.colon, self.short(value))
                };
                let parts: Vec<String> = in_order(fields, &self.names).into_iter().map(part).collect();
                format!("{{{}}}", parts.join(comma))
            }
            _ => value.to_string(),
        }
    }
}

/// The member at the end of steps.
fn member_at<'n>(tree: &'n Node, steps: &[NodeStep]) -> Option<&'n Member> {
    let (last, parents) = steps.split_last()?;
    let members = tree.at(parents)?.members();
    members
        .iter()
        .find(|member| NodeStep::Name(member.name.clone()) == *last)
}

fn first_member(node: &Node) -> Option<&Member> {
    match &node.shape {
        NodeShape::Scalar(_) => None,
        NodeShape::List(items) => items.iter().find_map(first_member),
        NodeShape::Map(members) => members.first(),
    }
}
