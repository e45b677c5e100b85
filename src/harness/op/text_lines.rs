//! A text as lines with their line ends.

/// A text as lines with their line ends.
pub(super) struct TextLines<'a> {
    /// Each line, and its line end: LF, CRLF or nothing.
    pub lines: Vec<(&'a str, &'a str)>,
    /// The line end of the first line; LF if it has none.
    pub end: &'static str,
}

impl<'a> TextLines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let split = |line: &'a str| {
            let end = if line.ends_with("\r\n") {
                2
            } else {
                usize::from(line.ends_with('\n'))
            };
            line.split_at(line.len() - end)
        };
        let lines: Vec<_> = text.split_inclusive('\n').map(split).collect();
        Self {
            lines,
            end: line_end(text),
        }
    }

    /// Whether the last line has a line end. An empty text counts as complete.
    pub(super) fn complete(&self) -> bool {
        self.lines.last().is_none_or(|(_, end)| !end.is_empty())
    }

    /// Whether a line has this text, except for blanks at its end.
    pub(super) fn contains(&self, text: &str) -> bool {
        self.lines
            .iter()
            .any(|(line, _)| without_blanks(line) == without_blanks(text))
    }
}

/// A line without the blanks and tabs at its end.
pub(super) fn without_blanks(line: &str) -> &str {
    line.trim_end_matches([' ', '\t'])
}

/// The line end of a text's first line; LF if it has none.
pub(super) fn line_end(text: &str) -> &'static str {
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    if crlf { "\r\n" } else { "\n" }
}
