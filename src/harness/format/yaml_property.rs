//! Reads anchors, tags and aliases of YAML, all of which are obstacles for changes but for anchors that no alias repeats.

use serde_json::Value as Json;

use super::error::FormatError;
use super::node::{Form, Node, NodeShape};
use super::yaml_read::YamlReader;

/// The maximum number of values that aliases repeat.
const MOST_COPIES: usize = 10_000;

/// Why a value with an anchor is left alone.
const ANCHOR: &str = "an anchor, through which other values may change";

/// The anchor and the tag of a value.
#[derive(Clone, Copy, Default)]
pub(super) struct YamlProperties<'t> {
    anchor: Option<&'t str>,
    tag: Option<&'t str>,
}

impl YamlProperties<'_> {
    /// Whether there is an anchor alone.
    pub(super) fn is_anchor(self) -> bool {
        self.anchor.is_some() && self.tag.is_none()
    }
}

/// A value of a map with an anchor.
pub(super) struct AnchoredValue {
    anchor: String,
    /// The start of the value.
    start: usize,
    has_alias: bool,
}

impl<'t> YamlReader<'t> {
    /// Notes the anchor of a value, which is an obstacle only if an alias repeats the value.
    pub(super) fn note_anchor(&mut self, node: &Node, properties: YamlProperties) {
        self.anchored.extend(properties.anchor.map(|anchor| AnchoredValue {
            anchor: anchor.to_owned(),
            start: node.span.start,
            has_alias: false,
        }));
    }

    /// Takes the obstacle from values whose anchors no alias repeats.
    pub(super) fn free_unused_anchors(&self, node: &mut Node) {
        if self.anchored.iter().all(|value| value.has_alias) {
            return;
        }
        let mut unused = self.anchored.iter().filter(|value| !value.has_alias);
        if node.obstacle == Some(ANCHOR) && unused.any(|value| value.start == node.span.start) {
            node.obstacle = None;
        }
        match &mut node.shape {
            NodeShape::Map(members) => members
                .iter_mut()
                .for_each(|member| self.free_unused_anchors(&mut member.node)),
            NodeShape::List(items) => items.iter_mut().for_each(|item| self.free_unused_anchors(item)),
            NodeShape::Scalar(_) => {}
        }
    }

    /// The anchor and the tag that begin here.
    pub(super) fn properties(&mut self) -> Result<Option<YamlProperties<'t>>, FormatError> {
        let mut found: Option<YamlProperties> = None;
        loop {
            self.skip_blanks();
            let rest = self.line(self.at);
            let in_flow = [' ', '\t', ',', '[', ']', '{', '}'];
            let token = &rest[..rest.find(in_flow).unwrap_or(rest.len())];
            let properties = found.unwrap_or_default();
            let next = match token.chars().next() {
                Some('&') if properties.anchor.is_none() && token.len() > 1 => YamlProperties {
                    anchor: Some(&token[1..]),
                    ..properties
                },
                Some('!') if properties.tag.is_none() && !token.starts_with("!<") => YamlProperties {
                    tag: Some(token),
                    ..properties
                },
                Some('&' | '!') => return self.error(self.at, "an anchor or a tag"),
                _ => return Ok(found),
            };
            found = Some(next);
            self.at += token.len();
        }
    }

    /// The node with its anchor and its tag.
    pub(super) fn marked(&mut self, mut node: Node, properties: Option<YamlProperties>) -> Result<Node, FormatError> {
        let Some(properties) = properties else {
            return Ok(node);
        };
        if node.obstacle == Some("an alias") {
            return self.error(node.span.start, "an alias with an anchor or a tag");
        }
        if let Some(tag) = properties.tag {
            node.obstacle = Some("a tag");
            if let (true, NodeShape::Scalar(value)) = (matches!(tag, "!!str" | "!"), &node.shape)
                && !value.is_string()
            {
                node.shape = NodeShape::Scalar(Json::from(&self.text[node.span.clone()]));
            }
        }
        if let Some(anchor) = properties.anchor {
            node.obstacle = Some(ANCHOR);
            self.anchors.insert(anchor.to_owned(), node.clone());
        }
        Ok(node)
    }

    /// An alias that begins here, with the value of its anchor.
    pub(super) fn alias(&mut self) -> Result<Node, FormatError> {
        let start = self.at;
        let rest = self.line(start);
        let end = rest.find([' ', '\t', ',', '[', ']', '{', '}']).unwrap_or(rest.len());
        let Some(anchored) = self.anchors.get(&rest[1..end]) else {
            return self.error(start, "an alias without its anchor");
        };
        self.copies += anchored.size();
        let named = self
            .anchored
            .iter_mut()
            .rev()
            .find(|value| value.anchor == rest[1..end]);
        if let Some(value) = named {
            value.has_alias = true;
        }
        if self.copies > MOST_COPIES {
            return self.error(start, "too many values from aliases");
        }
        let mut node = anchored.clone();
        self.at = start + end;
        (node.span, node.form, node.lead, node.obstacle) = (start..self.at, Form::Inline, None, Some("an alias"));
        Ok(node)
    }
}
