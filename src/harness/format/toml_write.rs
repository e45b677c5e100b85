//! Changes values of TOML, and adds items to its lists.

use std::ops::Range;

use serde_json::Value as Json;

use super::bracketed::{Brackets, CommentStyle};
use super::node::{Form, Member, Node, NodeShape, NodeStep};
use super::splice::{Splice, line_after, line_end, next_line};
use super::toml_string::spellings;

/// The smallest power of two that is not a signed integer of 64 bits.
const BEYOND_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

/// The value at the end of steps replaced: the ways to write it, the best first.
///
/// # Errors
/// TOML cannot express the value.
pub(super) fn replaced(text: &str, tree: &Node, steps: &[NodeStep], value: &Json) -> Result<Vec<Splice>, &'static str> {
    let rendered = render(value)?;
    let Some(node) = tree.at(steps).filter(|node| node.form == Form::Inline) else {
        return Ok(Vec::new());
    };
    let old = &text[node.span.clone()];
    let mut candidates = match (&node.shape, value) {
        // Dates and special floats are texts in JSON.
        (NodeShape::Scalar(Json::String(_)), Json::String(new)) if !old.starts_with(['"', '\'']) => {
            vec![new.clone()]
        }
        (NodeShape::Scalar(Json::String(old_value)), Json::String(new)) => {
            spellings(new, old, old_value, line_end(text))
        }
        _ => Vec::new(),
    };
    candidates.push(rendered);
    Ok(candidates
        .into_iter()
        .map(|one| Splice::replace(node.span.clone(), one))
        .collect())
}

/// A new item of a list at an index.
///
/// # Errors
/// TOML cannot express the value.
pub(super) fn item_inserted(
    text: &str,
    tree: &Node,
    steps: &[NodeStep],
    at: usize,
    value: &Json,
) -> Result<Option<Splice>, &'static str> {
    let Some(list) = tree.at(steps) else {
        return Ok(None);
    };
    if list.form == Form::Inline {
        return Ok(Some(bracketed(text, list).inserted(at, &like_last(text, list, value)?)));
    }
    let (Json::Object(fields), true) = (value, at == list.items().len()) else {
        return Ok(None);
    };
    let end = line_end(text);
    let names: Vec<String> = steps.iter().filter_map(NodeStep::name).collect();
    let mut lines = format!("[[{}]]", dotted(&names));
    for (name, value) in fields {
        lines += &format!("{end}{} = {}", key(name), render(value)?);
    }
    let last = list.items().last().map(|item| table_end(text, item));
    Ok(last
        .filter(|_| names.len() == steps.len())
        .map(|last| line_after(text, last.saturating_sub(1), &format!("{end}{lines}"))))
}

/// An item in the quotes of the last item.
fn like_last(text: &str, list: &Node, value: &Json) -> Result<String, &'static str> {
    let is_literal = list
        .items()
        .last()
        .is_some_and(|last| text[last.span.clone()].starts_with('\''));
    match value {
        Json::String(new) if is_literal && !new.contains(|c: char| c == '\'' || c.is_control()) => {
            Ok(format!("'{new}'"))
        }
        _ => render(value),
    }
}

/// The end of the last value in a table.
fn table_end(text: &str, node: &Node) -> usize {
    let children = node
        .items()
        .iter()
        .chain(node.members().iter().map(|member| &member.node));
    let end = children
        .map(|child| table_end(text, child))
        .max()
        .unwrap_or_default()
        .max(node.span.end);
    next_line(text, end).unwrap_or(text.len()).max(end)
}

pub(super) fn bracketed<'t>(text: &'t str, node: &Node) -> Brackets<'t> {
    let mut ends = Vec::new();
    value_spans(node, &mut ends);
    ends.sort_by_key(|span| span.end);
    let mut from = node.span.start + 1;
    // The name of a dotted key begins before its last part: behind the comma of the element before.
    let elements = ends.into_iter().map(|span| {
        let between = &text[from..span.start];
        let skipped = match node.shape {
            NodeShape::Map(_) => between.len() - between.trim_start_matches([' ', '\t', '\r', '\n', ',']).len(),
            _ => between.len(),
        };
        let start = from + skipped;
        from = span.end;
        start..span.end
    });
    Brackets {
        text,
        span: node.span.clone(),
        elements: elements.collect(),
        comments: CommentStyle::Hash,
    }
}

/// The places of the values of a collection in brackets, through dotted keys.
fn value_spans(node: &Node, spans: &mut Vec<Range<usize>>) {
    let children = node
        .items()
        .iter()
        .chain(node.members().iter().map(|member: &Member| &member.node));
    for child in children {
        match child.form {
            Form::Tables => value_spans(child, spans),
            _ => spans.push(child.span.clone()),
        }
    }
}

/// Writes a value as TOML on one line. `Err` says which kind of value TOML cannot express.
pub(super) fn render(value: &Json) -> Result<String, &'static str> {
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
pub(super) fn quote(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007F")
}

/// One TOML key, quoted if necessary.
fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quote(name)
    }
}

pub(super) fn dotted(keys: &[String]) -> String {
    keys.iter().map(|name| key(name)).collect::<Vec<_>>().join(".")
}
