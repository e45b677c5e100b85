//! Reads YAML, with the places of all values: the structure by lines and columns.
//!
//! It reads what agents' files hold: one document of block and flow collections with all kinds of scalars. It knows but
//! does not interpret tags, and it marks tags, anchors, aliases and merge keys as obstacles for changes. Explicit keys
//! (`? key`), directives and several documents are errors.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use super::error::{FormatError, line_of};
use super::node::{Form, Member, Node, NodeShape};
use super::yaml_property::AnchoredValue;

/// The maximum depth of values.
const MOST_LEVELS: usize = 64;

/// Reads one YAML document. An empty one is an empty map.
///
/// # Errors
/// It is not YAML, or YAML that this reader does not know.
pub(super) fn yaml(text: &str) -> Result<Node, FormatError> {
    YamlReader::new(text).document()
}

pub(super) struct YamlReader<'t> {
    pub text: &'t str,
    /// The position of the next byte.
    pub at: usize,
    pub anchors: BTreeMap<String, Node>,
    pub copies: usize,
    /// The anchors of values in maps.
    pub anchored: Vec<AnchoredValue>,
    level: usize,
}

impl<'t> YamlReader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            anchors: BTreeMap::new(),
            copies: 0,
            anchored: Vec::new(),
            level: 0,
        }
    }

    pub(super) fn error<T>(&self, position: usize, message: impl Into<String>) -> Result<T, FormatError> {
        Err(FormatError::Syntax {
            format: "YAML",
            line: line_of(self.text, position),
            message: message.into(),
        })
    }

    fn document(mut self) -> Result<Node, FormatError> {
        self.only_text()?;
        let mut next = self.next_content()?;
        if next.is_none() && self.text[self.at..].starts_with("---") {
            self.at += 3;
            self.finish_line()?;
            next = self.next_content()?;
        }
        let mut node = match next {
            None => self.block(0, self.at..self.at, NodeShape::Map(Vec::new())),
            Some((position, column)) => {
                self.at = position;
                self.node(None, column, true)?
            }
        };
        self.end()?;
        self.free_unused_anchors(&mut node);
        Ok(node)
    }

    /// # Errors
    /// The text has control characters or line ends that YAML does not know.
    fn only_text(&self) -> Result<(), FormatError> {
        let bytes = self.text.as_bytes();
        let bad = |(at, byte): (usize, &u8)| match byte {
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            b'\t' | b'\n' => false,
            _ => *byte < b' ' || *byte == 0x7f,
        };
        match bytes.iter().enumerate().position(bad) {
            Some(at) => self.error(at, "a control character"),
            None => Ok(()),
        }
    }

    /// # Errors
    /// Something follows the document.
    fn end(&mut self) -> Result<(), FormatError> {
        if let Some((position, _)) = self.next_content()? {
            return self.error(position, "expected the end or a name at the column of the names before");
        }
        let rest = &self.text[self.at..];
        if rest.starts_with("---") {
            return self.error(self.at, "more than one document");
        }
        if rest.starts_with("...") {
            self.at += 3;
            self.finish_line()?;
            if self.next_content()?.is_some() || self.at < self.text.len() {
                return self.error(self.at, "more than one document");
            }
        }
        Ok(())
    }

    fn block(&self, indent: usize, span: Range<usize>, shape: NodeShape) -> Node {
        Node {
            span,
            shape,
            form: Form::Block { indent },
            lead: None,
            obstacle: None,
        }
    }

    /// Whether a `-`, `?` or `:` at a position stands alone.
    fn is_indicator(&self, position: usize, indicator: char) -> bool {
        let rest = self.line(position).strip_prefix(indicator);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    }

    /// The value after a `:` or `-`, of a parent at a column.
    fn value(&mut self, parent: usize, in_map: bool) -> Result<Node, FormatError> {
        let mut lead = self.at;
        let properties = self.properties()?;
        let anchor = properties.filter(|properties| properties.is_anchor());
        if in_map && anchor.is_some() {
            // A new value leaves the anchor. Of an item, the place of its `-` counts.
            lead += self.text[lead..self.at].trim_end().len();
        }
        let mut node = if self.is_rest_empty() {
            self.next_line();
            match self.next_content()? {
                Some((position, column)) if column > parent => {
                    self.at = position;
                    self.node(Some(parent), column, true)?
                }
                Some((position, column)) if in_map && column == parent && self.is_indicator(position, '-') => {
                    self.at = position;
                    self.list(column)?
                }
                _ => self.block(parent + 1, lead..lead, NodeShape::Scalar(Json::Null)),
            }
        } else {
            let column = self.column(self.at);
            self.node(Some(parent), column, !in_map && properties.is_none())?
        };
        node.lead = Some(lead);
        if let Some(anchor) = anchor {
            self.note_anchor(&node, anchor);
        }
        self.marked(node, properties)
    }

    /// A value that begins here, at a column. Names and items may begin here if the line or an item begins here.
    fn node(&mut self, parent: Option<usize>, column: usize, may_open: bool) -> Result<Node, FormatError> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return self.error(self.at, "too many levels");
        }
        let node = self.node_here(parent, column, may_open);
        self.level -= 1;
        node
    }

    fn node_here(&mut self, parent: Option<usize>, column: usize, may_open: bool) -> Result<Node, FormatError> {
        let first = self.text[self.at..].chars().next().unwrap_or(' ');
        if self.is_indicator(self.at, '?') {
            return self.error(self.at, "an explicit key");
        }
        if self.is_indicator(self.at, '-') {
            return match may_open {
                true => self.list(column),
                false => self.error(self.at, "a list on the line of its name"),
            };
        }
        if let Some(colon) = self.colon() {
            return match may_open {
                true => self.map(column),
                false => self.error(
                    colon,
                    "a colon and a blank in a text without quotes; put the text in quotes",
                ),
            };
        }
        match first {
            '&' | '!' if may_open => return self.node_with_properties(parent),
            '|' | '>' => return self.block_scalar(parent),
            _ => {}
        }
        let mut node = self.inline_node(parent.map_or(0, |column| column + 1))?;
        node.form = match node.shape {
            NodeShape::Scalar(_) => Form::Block {
                indent: parent.map_or(0, |column| column + 1),
            },
            _ => Form::Inline,
        };
        self.finish_line()?;
        Ok(node)
    }

    /// Properties at the start of a line, and their value.
    fn node_with_properties(&mut self, parent: Option<usize>) -> Result<Node, FormatError> {
        let properties = self.properties()?;
        let node = if self.is_rest_empty() {
            self.next_line();
            match self.next_content()? {
                Some((position, column)) if parent.is_none_or(|parent| column > parent) => {
                    self.at = position;
                    self.node(parent, column, true)?
                }
                _ => self.block(
                    parent.map_or(0, |column| column + 1),
                    self.at..self.at,
                    NodeShape::Scalar(Json::Null),
                ),
            }
        } else if self.colon().is_some() {
            return self.error(self.at, "an anchor or a tag before a name");
        } else {
            self.node(parent, self.column(self.at), false)?
        };
        self.marked(node, properties)
    }

    /// A scalar or a bracketed collection, whose next lines begin at least at a column.
    fn inline_node(&mut self, indent: usize) -> Result<Node, FormatError> {
        match self.text[self.at..].chars().next() {
            Some('[' | '{') => self.flow(),
            Some('*') => self.alias(),
            Some('"') => self.double_quoted(Some(indent)),
            Some('\'') => self.single_quoted(Some(indent)),
            _ => self.plain(indent, false),
        }
    }

    /// The colon after a name that begins here, on this line.
    fn colon(&self) -> Option<usize> {
        let line = self.line(self.at);
        let bytes = line.as_bytes();
        let mut at = match bytes.first()? {
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                return None;
            }
            b'"' | b'\'' => {
                let end = quoted_end(line)?;
                let rest = line[end..].trim_start_matches([' ', '\t']);
                let at = line.len() - rest.len();
                return (rest == ":" || rest.starts_with(": ") || rest.starts_with(":\t")).then_some(self.at + at);
            }
            _ => 0,
        };
        loop {
            match bytes.get(at)? {
                b':' if bytes.get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\t')) => {
                    return Some(self.at + at);
                }
                b'#' if at > 0 && matches!(bytes[at - 1], b' ' | b'\t') => return None,
                _ => at += 1,
            }
        }
    }

    /// A map whose first name begins here.
    fn map(&mut self, column: usize) -> Result<Node, FormatError> {
        let start = self.at;
        let mut members: Vec<Member> = Vec::new();
        loop {
            if self.is_indicator(self.at, '?') {
                return self.error(self.at, "an explicit key");
            }
            let Some(colon) = self.colon() else {
                return self.error(self.at, "expected a name and a colon");
            };
            let (name, name_span) = self.name(colon)?;
            self.at = colon + 1;
            let mut node = self.value(column, true)?;
            if name == "<<" {
                node.obstacle = Some("a merge key");
            }
            members.push(Member { name, name_span, node });
            match self.next_content()? {
                Some((position, next)) if next == column && !self.is_indicator(position, '-') => self.at = position,
                Some((position, next)) if next > column => {
                    return self.error(position, "unexpected indentation");
                }
                _ => break,
            }
        }
        let end = members.last().map_or(start, |last| last.node.span.end);
        Ok(self.block(column, start..end, NodeShape::Map(members)))
    }

    /// The name before a colon.
    fn name(&mut self, colon: usize) -> Result<(String, Range<usize>), FormatError> {
        let start = self.at;
        let name = match self.text.as_bytes()[start] {
            b'"' => self.double_quoted(None)?,
            b'\'' => self.single_quoted(None)?,
            _ => {
                let name = self.text[start..colon].trim_end();
                if name.is_empty() {
                    return self.error(start, "an empty name");
                }
                return Ok((name.to_owned(), start..start + name.len()));
            }
        };
        let text = name.value().as_str().unwrap_or_default().to_owned();
        Ok((text, name.span))
    }

    /// A list whose first `-` stands here.
    fn list(&mut self, column: usize) -> Result<Node, FormatError> {
        let start = self.at;
        let mut items: Vec<Node> = Vec::new();
        loop {
            self.at += 1;
            items.push(self.value(column, false)?);
            match self.next_content()? {
                Some((position, next)) if next == column && self.is_indicator(position, '-') => self.at = position,
                Some((position, next)) if next > column => {
                    return self.error(position, "unexpected indentation");
                }
                _ => break,
            }
        }
        let end = items.last().map_or(start, |last| last.span.end);
        Ok(self.block(column, start..end, NodeShape::List(items)))
    }

    /// Enters a bracketed collection.
    pub(super) fn enter(&mut self) -> Result<(), FormatError> {
        self.level += 1;
        match self.level > MOST_LEVELS {
            true => self.error(self.at, "too many levels"),
            false => Ok(()),
        }
    }

    /// Leaves a bracketed collection.
    pub(super) fn leave(&mut self) {
        self.level -= 1;
    }
}

/// The end of the quoted text at the start of a line, with its last quote.
fn quoted_end(line: &str) -> Option<usize> {
    let quote = line.chars().next()?;
    let mut at = 1;
    loop {
        let rest = line.get(at..)?;
        let c = rest.chars().next()?;
        let is_pair = quote == '\'' && rest.starts_with("''");
        if c == quote && !is_pair {
            return Some(at + 1);
        }
        let is_escape = quote == '"' && c == '\\';
        at += match is_pair || is_escape {
            true => 1 + rest[1..].chars().next()?.len_utf8(),
            false => c.len_utf8(),
        };
    }
}
