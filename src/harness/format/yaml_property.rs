//! Reads anchors, tags and aliases of YAML, all of which are obstacles for changes.

use serde_json::Value as Json;

use super::error::FormatError;
use super::node::{Form, Node, NodeShape};
use super::yaml_read::YamlReader;

/// The maximum number of values that aliases repeat.
const MOST_COPIES: usize = 10_000;

/// The anchor and the tag of a value.
#[derive(Clone, Copy, Default)]
pub(super) struct YamlProperties<'t> {
    anchor: Option<&'t str>,
    tag: Option<&'t str>,
}

impl<'t> YamlReader<'t> {
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
            node.obstacle = Some("an anchor, through which other values may change");
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
        if self.copies > MOST_COPIES {
            return self.error(start, "too many values from aliases");
        }
        let mut node = anchored.clone();
        self.at = start + end;
        (node.span, node.form, node.lead, node.obstacle) = (start..self.at, Form::Inline, None, Some("an alias"));
        Ok(node)
    }
}
