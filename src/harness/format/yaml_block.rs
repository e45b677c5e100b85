//! Reads YAML scalars that are blocks of lines: `|` and `>`.

use serde_json::Value as Json;

use super::error::FormatError;
use super::node::{Form, Node, NodeShape};
use super::yaml_read::YamlReader;

impl YamlReader<'_> {
    /// The block scalar whose `|` or `>` stands here, in a parent at a column.
    pub(super) fn block_scalar(&mut self, parent: Option<usize>) -> Result<Node, FormatError> {
        let start = self.at;
        let head = BlockHead::of(self.line(start));
        let Some(head) = head else {
            return self.error(start, "the first line of a block of text");
        };
        let mut end = start + self.line(start).trim_end().len();
        self.next_line();
        let least = parent.map_or(0, |column| column + 1);
        let Some(indent) = head
            .indent
            .map_or_else(|| self.detected(least), |digit| Some(parent.unwrap_or(0) + digit))
        else {
            return self.error(self.at, "an empty line with more blanks than the text under it");
        };
        let (mut lines, mut content_end, mut has_end) = (Vec::new(), (self.at, 0), true);
        while self.at < self.text.len() {
            let line = self.line(self.at);
            let blanks = line.len() - line.trim_start_matches(' ').len();
            let is_empty = blanks == line.len() && blanks <= indent;
            if !is_empty && (blanks < indent || self.is_marker(self.at)) {
                break;
            }
            lines.push(if is_empty { "" } else { &line[indent..] });
            let line_end = self.at + line.len();
            has_end = self.text[line_end..].starts_with(['\r', '\n']);
            self.next_line();
            if !is_empty {
                content_end = (self.at, lines.len());
                end = line_end;
            } else if head.chomp == Some('+') && has_end {
                end = line_end;
            }
        }
        if head.chomp != Some('+') {
            self.at = content_end.0;
        }
        let (content, empty) = lines.split_at(content_end.1);
        let has_end = has_end || !empty.is_empty();
        let text = block_text(content, empty.len(), &head, has_end);
        Ok(Node {
            span: start..end,
            shape: NodeShape::Scalar(Json::from(text)),
            form: Form::Block { indent: least },
            lead: None,
            obstacle: None,
        })
    }

    /// The column of the first line with text; `None` if an empty line before it is longer.
    fn detected(&self, least: usize) -> Option<usize> {
        let mut longest = 0;
        for line in self.text[self.at..].split_inclusive('\n') {
            let line = line.trim_end_matches(['\n', '\r']);
            let blanks = line.len() - line.trim_start_matches(' ').len();
            if blanks < line.len() {
                return match blanks >= least {
                    true => (longest <= blanks).then_some(blanks),
                    false => Some(longest.max(least)),
                };
            }
            longest = longest.max(blanks);
        }
        Some(longest.max(least))
    }
}

/// The first line of a block scalar: `|2- # comment`.
pub(super) struct BlockHead<'t> {
    /// `|` or `>`.
    pub style: char,
    /// How many columns the text is indented from its parent.
    pub indent: Option<usize>,
    /// What happens to line ends at the end: `-`, `+`, or one stays.
    pub chomp: Option<char>,
    /// The blanks and the comment at the end.
    pub rest: &'t str,
}

impl<'t> BlockHead<'t> {
    /// `None` if the line is none.
    pub(super) fn of(line: &'t str) -> Option<Self> {
        let style = line.chars().next().filter(|c| matches!(c, '|' | '>'))?;
        let mut head = Self {
            style,
            indent: None,
            chomp: None,
            rest: &line[1..],
        };
        while let Some(c) = head.rest.chars().next() {
            match c {
                '-' | '+' if head.chomp.is_none() => head.chomp = Some(c),
                '1'..='9' if head.indent.is_none() => head.indent = c.to_digit(10).map(|digit| digit as usize),
                ' ' | '\t' => break,
                _ => return None,
            }
            head.rest = &head.rest[1..];
        }
        let words = head.rest.trim();
        (words.is_empty() || words.starts_with('#')).then_some(head)
    }
}

/// The text of a block scalar from its lines with text, and the number of empty lines after them.
fn block_text(lines: &[&str], empty: usize, head: &BlockHead, has_end: bool) -> String {
    let is_folded = head.style == '>';
    let (mut text, mut breaks, mut was_indented, mut is_first) = (String::new(), 0, false, true);
    for line in lines {
        if line.is_empty() {
            breaks += 1;
            continue;
        }
        let is_indented = line.starts_with([' ', '\t']);
        if !is_first {
            match is_folded && !was_indented && !is_indented {
                true if breaks == 0 => text.push(' '),
                true => {}
                false => text.push('\n'),
            }
        }
        text.push_str(&"\n".repeat(breaks));
        text.push_str(line);
        (breaks, was_indented, is_first) = (0, is_indented, false);
    }
    match head.chomp {
        Some('-') => {}
        Some('+') => {
            if !lines.is_empty() && has_end {
                text.push('\n');
            }
            text.push_str(&"\n".repeat(empty));
        }
        _ if !lines.is_empty() && has_end => text.push('\n'),
        _ => {}
    }
    text
}
