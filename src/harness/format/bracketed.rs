//! Adds and removes elements of a collection in brackets, with commas: JSON, TOML arrays and inline tables, YAML flows.

use std::ops::Range;

use super::splice::{Splice, indent_at, line_end, line_start, next_line};

/// How comments begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentStyle {
    /// `//` and `/* … */`.
    Slashes,
    /// `#`.
    Hash,
}

/// A collection in brackets.
pub(super) struct Brackets<'t> {
    pub text: &'t str,
    /// With its brackets.
    pub span: Range<usize>,
    /// The elements, of maps from the name to the end of the value.
    pub elements: Vec<Range<usize>>,
    pub comments: CommentStyle,
}

impl Brackets<'_> {
    /// The indentation of a new element, if the elements stand on lines of their own.
    pub(super) fn own_lines(&self) -> Option<&str> {
        match self.elements.last() {
            Some(last) => self.is_on_own_line(last).then(|| indent_at(self.text, last.start)),
            None => None,
        }
    }

    fn is_on_own_line(&self, element: &Range<usize>) -> bool {
        let start = line_start(self.text, element.start);
        start > self.span.start && self.text[start..element.start].trim().is_empty()
    }

    /// Puts an element in at an index.
    pub(super) fn inserted(&self, at: usize, element: &str) -> Splice {
        let Some(next) = self.elements.get(at) else {
            return self.appended(element);
        };
        if self.is_on_own_line(next) {
            let indent = indent_at(self.text, next.start);
            return Splice::insert(
                line_start(self.text, next.start),
                format!("{indent}{element},{}", line_end(self.text)),
            );
        }
        Splice::insert(next.start, format!("{element}{}", self.separator()))
    }

    fn appended(&self, element: &str) -> Splice {
        let Some(last) = self.elements.last() else {
            return self.filled(element);
        };
        let comma = self.comma_after(last.end);
        let after = comma.map_or(last.end, |at| at + 1);
        // The bracket may close on the line of the last element.
        let next = next_line(self.text, after).filter(|next| *next < self.span.end);
        match (self.own_lines(), next) {
            (Some(indent), Some(next)) => {
                let comma_before = if comma.is_some() { "" } else { "," };
                let comma_behind = if comma.is_some() { "," } else { "" };
                let line = format!("{indent}{element}{comma_behind}{}", line_end(self.text));
                match comma_before.is_empty() {
                    true => Splice::insert(next, line),
                    false => Splice::insert(last.end, comma_before).and(Splice::insert(next, line)),
                }
            }
            _ => match comma {
                Some(at) => Splice::insert(at + 1, format!(" {element},")),
                None => Splice::insert(last.end, format!("{}{element}", self.separator())),
            },
        }
    }

    /// The first element of an empty collection.
    fn filled(&self, element: &str) -> Splice {
        let inner = self.span.start + 1..self.span.end - 1;
        let (start, end) = (inner.start, line_end(self.text));
        match self.text[inner.clone()].find('\n') {
            Some(at) if self.text[start..start + at].trim().is_empty() => {
                let outer = indent_at(self.text, self.span.start);
                let unit = super::splice::indent_unit(self.text);
                Splice::insert(start + at + 1, format!("{outer}{unit}{element}{end}"))
            }
            _ => Splice::insert(start, element),
        }
    }

    /// The comma and blanks between two elements on one line.
    fn separator(&self) -> &str {
        let between = self
            .elements
            .windows(2)
            .last()
            .map(|pair| &self.text[pair[0].end..pair[1].start]);
        match between {
            Some(between)
                if between.trim_start_matches(' ').starts_with(',') && !between.contains(['\n', '/', '#', '*']) =>
            {
                between
            }
            _ => ", ",
        }
    }

    /// Takes the element at an index out.
    pub(super) fn removed(&self, index: usize) -> Splice {
        let element = self.elements[index].clone();
        let comma = self.comma_after(element.end);
        let end = comma.map_or(element.end, |at| at + 1);
        let gone = self.line_of(&element, end).unwrap_or_else(|| match comma {
            Some(_) => element.start..end + blanks(&self.text[end..]),
            None => self.gap_before(index).start..element.end,
        });
        match self
            .comma_before(index)
            .filter(|at| comma.is_none() && *at < gone.start)
        {
            Some(at) => Splice::remove(at..at + 1).and(Splice::remove(gone)),
            None => Splice::remove(gone),
        }
    }

    /// The lines of an element, if nothing else stands on them but a comment behind it.
    fn line_of(&self, element: &Range<usize>, end: usize) -> Option<Range<usize>> {
        let next = next_line(self.text, end).filter(|next| *next < self.span.end)?;
        let rest = self.text[end..next].trim();
        let is_free = rest.is_empty() || self.is_comment(rest);
        (self.is_on_own_line(element) && is_free).then(|| line_start(self.text, element.start)..next)
    }

    fn is_comment(&self, rest: &str) -> bool {
        match self.comments {
            CommentStyle::Hash => rest.starts_with('#'),
            CommentStyle::Slashes => {
                rest.starts_with("//") || rest.starts_with("/*") && rest.find("*/") == Some(rest.len() - 2)
            }
        }
    }

    /// From the end of the element before, with its comma, if only blanks are between; otherwise nothing.
    fn gap_before(&self, index: usize) -> Range<usize> {
        let start = self.elements[index].start;
        let before = index.checked_sub(1).map(|before| self.elements[before].end..start);
        let is_blank = |gap: &Range<usize>| self.text[gap.clone()].trim_matches([' ', '\t', ',']).is_empty();
        before.filter(is_blank).unwrap_or(start..start)
    }

    /// The comma before an element.
    fn comma_before(&self, index: usize) -> Option<usize> {
        self.comma_after(self.elements[index.checked_sub(1)?].end)
    }

    /// The comma after a position, behind blanks and comments.
    fn comma_after(&self, mut position: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        loop {
            let rest = self.text.get(position..)?;
            match (bytes.get(position)?, self.comments) {
                (b',', _) => return Some(position),
                (b' ' | b'\t' | b'\r' | b'\n', _) => position += 1,
                (b'#', CommentStyle::Hash) => position += rest.find('\n')?,
                (b'/', CommentStyle::Slashes) if rest.starts_with("//") => position += rest.find('\n')?,
                (b'/', CommentStyle::Slashes) if rest.starts_with("/*") => position += rest.find("*/")? + 2,
                _ => return None,
            }
        }
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}
