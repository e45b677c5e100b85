//! Reads front matter, which is often no YAML: `globs: **/*.ts`, `description: Use when: asked`.

use serde_json::Value as Json;

use super::node::{Form, Member, Node, NodeShape};
use super::yaml_read::yaml;

/// Reads the lines of a front matter: as YAML if they are, otherwise key by key. The value of a key that is no
/// YAML is the text of its line.
pub(super) fn front_matter(text: &str) -> Node {
    match yaml(text) {
        Ok(node) if matches!(node.shape, NodeShape::Map(_)) && node.form != Form::Inline => node,
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
    Node {
        span: starts.first().copied().unwrap_or(text.len())
            ..members.last().map_or(text.len(), |last| last.node.span.end),
        shape: NodeShape::Map(members),
        form: Form::Block { indent: 0 },
        lead: None,
        obstacle: None,
    }
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
        obstacle: goes_on.then_some("the value is no YAML and takes several lines"),
    };
    let node = node.moved(start);
    Some(Member {
        name: name.to_owned(),
        name_span: start..start + name.len(),
        node,
    })
}
