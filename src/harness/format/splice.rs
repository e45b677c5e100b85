//! A change of a text as replaced ranges, and the text's lines.

use std::ops::Range;

/// Replaced ranges of a text, in its order, without overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Splice {
    pieces: Vec<(Range<usize>, String)>,
}

impl Splice {
    /// One replaced range.
    pub(super) fn replace(range: Range<usize>, replacement: impl Into<String>) -> Self {
        Self {
            pieces: vec![(range, replacement.into())],
        }
    }

    /// A text put in at a position.
    pub(super) fn insert(position: usize, inserted: impl Into<String>) -> Self {
        Self::replace(position..position, inserted)
    }

    /// A range taken out.
    pub(super) fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }

    /// Both changes. The other one comes later in the text.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// The range from the first changed byte to the last.
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.pieces.first().map_or(0, |(range, _)| range.start);
        start..self.pieces.last().map_or(0, |(range, _)| range.end)
    }

    /// Whether it takes no byte away but blanks.
    pub(super) fn only_adds(&self, text: &str) -> bool {
        self.pieces
            .iter()
            .all(|(range, _)| text[range.clone()].trim().is_empty())
    }

    /// Whether it puts in texts of several lines or maps.
    pub(super) fn is_long(&self) -> bool {
        self.pieces
            .iter()
            .any(|(_, new)| new.contains('{') || new.contains("\\n"))
    }

    /// The changed text.
    pub(super) fn apply(&self, text: &str) -> String {
        let (mut changed, mut at) = (String::with_capacity(text.len() + 64), 0);
        for (range, replacement) in &self.pieces {
            changed.push_str(&text[at..range.start]);
            changed.push_str(replacement);
            at = range.end;
        }
        changed + &text[at..]
    }
}

/// The start of the line at a position.
pub(super) fn line_start(text: &str, position: usize) -> usize {
    text[..position].rfind('\n').map_or(0, |at| at + 1)
}

/// The end of the line at a position, with its line end; `None` if the line has none.
pub(super) fn next_line(text: &str, position: usize) -> Option<usize> {
    text[position..].find('\n').map(|at| position + at + 1)
}

/// The line end of a text's first line; LF if it has none.
pub(super) fn line_end(text: &str) -> &'static str {
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    if crlf { "\r\n" } else { "\n" }
}

/// Puts a line after the line at a position. If the last line has no line end, the new last line has none either.
pub(super) fn line_after(text: &str, position: usize, line: &str) -> Splice {
    let end = line_end(text);
    match next_line(text, position) {
        Some(next) => Splice::insert(next, format!("{line}{end}")),
        None => Splice::insert(text.len(), format!("{end}{line}")),
    }
}

/// The blanks at the start of the line at a position.
pub(super) fn indent_at(text: &str, position: usize) -> &str {
    let start = line_start(text, position);
    let rest = &text[start..];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// The indentation of the first indented line; two blanks if no line is indented.
pub(super) fn indent_unit(text: &str) -> &str {
    let indents = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[..blanks]
    });
    indents
        .into_iter()
        .find(|indent| !indent.is_empty() && indent.len() <= 8)
        .unwrap_or("  ")
}
