//! Reads front matter, which is often no YAML: `globs: **/*.ts`, `description: Use when: asked`.

use serde_json::Value as Json;

use super::node::{Form, Member, Node, NodeShape};
use super::yaml_read::yaml;

/// Why changes must leave a front matter alone that was not read as a whole.
const ODD_LINE: &str = "the front matter has a line that is no `name: value`";

/// Reads the lines of a front matter: as YAML if they are, otherwise key by key. The value of a key that is no
/// YAML is the text of its line. If a line belongs to no key, the whole has an obstacle at that line.
pub(super) fn front_matter(text: &str) -> Node {
    match yaml(text) {
        Ok(node) if matches!(node.shape, NodeShape::Map(_)) => node,
        _ => by_keys(text),
    }
}

fn by_keys(text: &str) -> Node {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        starts.extend(name_of(line).map(|_| at));
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let members: Vec<Member> = starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| member(&text[*start..end], *start))
        .collect();
    let odd = odd_line(text);
    let span =
        starts.first().copied().unwrap_or(text.len())..members.last().map_or(text.len(), |last| last.node.span.end);
    Node {
        span: odd.map_or(span, |at| at..at),
        shape: NodeShape::Map(members),
        form: Form::Block { indent: 0 },
        lead: None,
        obstacle: odd.map(|_| ODD_LINE),
    }
}

/// The start of the first line that neither begins a key nor belongs to the key before it, or that has a character which
/// some hosts take for a line end.
fn odd_line(text: &str) -> Option<usize> {
    let (mut at, mut has_key, mut may_list) = (0, false, false);
    for line in text.split_inclusive('\n') {
        let words = line.trim_end_matches(['\n', '\r']);
        let is_item = words == "-" || words.starts_with("- ");
        let is_known = match name_of(line) {
            Some(name) => {
                may_list = is_empty_value(&words[name.len() + 1..]);
                has_key = true;
                true
            }
            None if words.trim().is_empty() || words.trim_start().starts_with('#') => true,
            None => has_key && (words.starts_with([' ', '\t']) || is_item && may_list),
        };
        if !is_known || words.chars().any(is_break) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// What a value opens and does not close, so that a reader of YAML takes the next lines for a part of it.
fn open_mark(value: &str) -> Option<&'static str> {
    let closes = |end: char| value[1..].contains(end);
    match value.chars().next()? {
        quote @ ('"' | '\'') if !closes(quote) => Some("a quote is not closed"),
        '[' if !closes(']') => Some("a bracket is not closed"),
        '{' if !closes('}') => Some("a bracket is not closed"),
        _ => None,
    }
}

fn is_empty_value(value: &str) -> bool {
    value.trim().is_empty() || value.trim_start().starts_with('#')
}

/// Whether a character ends a line for some readers of YAML, or has no place in a text.
pub(super) fn is_break(c: char) -> bool {
    c != '\t' && c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The name at the start of a line without indentation, before a colon.
fn name_of(line: &str) -> Option<&str> {
    let line = line.trim_end_matches(['\n', '\r']);
    let colon = line
        .find(": ")
        .or_else(|| line.find(":\t"))
        .or_else(|| line.strip_suffix(':').map(str::len))?;
    let name = &line[..colon];
    let is_name = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    (!name.is_empty() && is_name && !name.starts_with('-')).then_some(name)
}

/// The member whose line begins a part of the text.
fn member(part: &str, start: usize) -> Option<Member> {
    if let Ok(node) = yaml(part)
        && let NodeShape::Map(members) = node.moved(start).shape
        && let Ok([member]) = <[Member; 1]>::try_from(members)
    {
        return Some(member);
    }
    let name = name_of(part.split_inclusive('\n').next()?)?;
    let lead = name.len() + 1;
    let line = part[lead..].split('\n').next().unwrap_or_default();
    let comment = line.find(" #").unwrap_or(line.len());
    let value = line[..comment].trim();
    let from = lead + line.len() - line.trim_start().len();
    let span = if value.is_empty() {
        lead..lead
    } else {
        from..from + value.len()
    };
    let goes_on = part
        .split('\n')
        .skip(1)
        .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let node = Node {
        span,
        shape: NodeShape::Scalar(Json::from(value)),
        form: Form::Raw,
        lead: Some(lead),
        obstacle: match (goes_on, open_mark(value)) {
            (true, _) => Some("the value is no YAML and takes several lines"),
            (false, open) => open,
        },
    };
    let node = node.moved(start);
    Some(Member {
        name: name.to_owned(),
        name_span: start..start + name.len(),
        node,
    })
}
