//! Reads YAML collections in brackets.

use serde_json::Value as Json;

use super::error::FormatError;
use super::node::{Member, Node, NodeShape};
use super::yaml_read::YamlReader;

impl YamlReader<'_> {
    /// The collection whose bracket opens here.
    pub(super) fn flow(&mut self) -> Result<Node, FormatError> {
        self.enter()?;
        let start = self.at;
        let is_list = self.text[start..].starts_with('[');
        self.at += 1;
        let shape = match is_list {
            true => NodeShape::List(self.flow_items()?),
            false => NodeShape::Map(self.flow_members()?),
        };
        self.leave();
        Ok(Node::inline(start..self.at, shape))
    }

    fn peek(&self) -> char {
        // A text cannot contain it, so it stands for the end.
        self.text[self.at..].chars().next().unwrap_or('\0')
    }

    /// Steps over blanks, line ends and comments.
    fn skip_flow_blanks(&mut self) -> Result<(), FormatError> {
        loop {
            match self.peek() {
                ' ' | '\t' | '\r' => self.at += 1,
                '\n' => {
                    self.at += 1;
                    if self.is_marker(self.at) {
                        return self.error(self.at, "a bracket is not closed");
                    }
                }
                '#' if self.text[..self.at].ends_with([' ', '\t', '\n']) => self.next_line_in_flow()?,
                '\0' => return self.error(self.at, "a bracket is not closed"),
                _ => return Ok(()),
            }
        }
    }

    fn next_line_in_flow(&mut self) -> Result<(), FormatError> {
        self.next_line();
        match self.is_marker(self.at) {
            true => self.error(self.at, "a bracket is not closed"),
            false => Ok(()),
        }
    }

    fn flow_items(&mut self) -> Result<Vec<Node>, FormatError> {
        let mut items = Vec::new();
        loop {
            self.skip_flow_blanks()?;
            if self.peek() == ']' {
                self.at += 1;
                return Ok(items);
            }
            let item = self.flow_value(&[',', ']'])?;
            self.skip_flow_blanks()?;
            items.push(match self.peek() {
                ':' => self.pair(item)?,
                _ => item,
            });
            self.separator(']')?;
        }
    }

    /// A map of one member without braces.
    fn pair(&mut self, name: Node) -> Result<Node, FormatError> {
        let (NodeShape::Scalar(Json::String(text)), None) = (&name.shape, name.obstacle) else {
            return self.error(self.at, "a name that is no text");
        };
        let text = text.clone();
        self.at += 1;
        let node = self.flow_member_value(&[',', ']'])?;
        let span = name.span.start..node.span.end;
        let mut pair = Node::inline(
            span,
            NodeShape::Map(vec![Member {
                name: text,
                name_span: name.span,
                node,
            }]),
        );
        pair.obstacle = Some("a pair without braces");
        Ok(pair)
    }

    fn flow_members(&mut self) -> Result<Vec<Member>, FormatError> {
        let mut members = Vec::new();
        loop {
            self.skip_flow_blanks()?;
            if self.peek() == '}' {
                self.at += 1;
                return Ok(members);
            }
            let start = self.at;
            let name = match self.peek() {
                '"' => self.double_quoted(None)?,
                '\'' => self.single_quoted(None)?,
                '{' if self.text[..self.at].ends_with('{') => {
                    return self.error(
                        self.at,
                        "`{{` is no text without quotes; put the whole value into quotes",
                    );
                }
                '?' | '&' | '!' | '*' | '[' | '{' => {
                    return self.error(self.at, "a name that is no plain text");
                }
                _ => self.plain(0, true)?,
            };
            let text = match name.value() {
                Json::String(text) => text,
                _ => self.text[name.span.clone()].to_owned(),
            };
            if self.text[name.span.clone()].contains('\n') {
                return self.error(start, "a name over several lines");
            }
            self.skip_flow_blanks()?;
            let node = match self.peek() {
                ':' => {
                    self.at += 1;
                    self.flow_member_value(&[',', '}'])?
                }
                _ => {
                    let mut node = Node::inline(name.span.end..name.span.end, NodeShape::Scalar(Json::Null));
                    node.obstacle = Some("a name without a colon");
                    node
                }
            };
            members.push(Member {
                name: text,
                name_span: name.span,
                node,
            });
            self.separator('}')?;
        }
    }

    /// The value after a colon.
    fn flow_member_value(&mut self, ends: &[char]) -> Result<Node, FormatError> {
        let colon = self.at;
        self.skip_flow_blanks()?;
        match ends.contains(&self.peek()) {
            true => Ok(Node::inline(colon..colon, NodeShape::Scalar(Json::Null))),
            false => self.flow_value(ends),
        }
    }

    fn flow_value(&mut self, ends: &[char]) -> Result<Node, FormatError> {
        let properties = self.properties()?;
        if properties.is_some() {
            self.skip_flow_blanks()?;
        }
        let node = match self.peek() {
            '[' | '{' => self.flow()?,
            '*' => self.alias()?,
            '"' => self.double_quoted(None)?,
            '\'' => self.single_quoted(None)?,
            c if properties.is_some() && ends.contains(&c) => {
                Node::inline(self.at..self.at, NodeShape::Scalar(Json::Null))
            }
            _ => self.plain(0, true)?,
        };
        if let Some(anchor) = properties.filter(|properties| properties.is_anchor()) {
            self.note_anchor(&node, anchor);
        }
        self.marked(node, properties)
    }

    /// Steps over a comma; stays before a closing bracket.
    fn separator(&mut self, close: char) -> Result<(), FormatError> {
        self.skip_flow_blanks()?;
        match self.peek() {
            ',' => self.at += 1,
            c if c == close => {}
            _ => return self.error(self.at, format!("expected `,` or `{close}`")),
        }
        Ok(())
    }
}
