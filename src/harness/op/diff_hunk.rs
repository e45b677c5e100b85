//! A hunk of a diff: one change of neighbouring lines, with context.

use super::diff_refusal::OffendingLine;

/// The role of a line of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Context,
    Removed,
    Added,
}

/// A line of a hunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct HunkLine<'a> {
    pub sign: Sign,
    /// The line's text without its sign.
    pub text: &'a str,
    /// The line as it is in the diff.
    pub raw: &'a str,
    /// Line in the diff, from 1.
    pub number: usize,
}

impl<'a> HunkLine<'a> {
    pub(super) fn new(raw: &'a str, number: usize) -> Self {
        let (sign, text) = match raw.chars().next() {
            Some('+') => (Sign::Added, &raw[1..]),
            Some('-') => (Sign::Removed, &raw[1..]),
            Some(' ') => (Sign::Context, &raw[1..]),
            _ => (Sign::Context, raw),
        };
        Self {
            sign,
            text,
            raw,
            number,
        }
    }

    pub(super) fn named(&self) -> OffendingLine {
        OffendingLine::new(self.number, self.raw)
    }
}

/// One change of neighbouring lines, with context.
#[derive(Clone, Debug, Default)]
pub(super) struct DiffHunk<'a> {
    /// Its first line in the diff: the header.
    pub header: Option<HunkLine<'a>>,
    /// The first old line by the header, from 0; `None` if the header has no numbers.
    pub start: Option<usize>,
    /// The first new line, from 0, computed from the hunks before it.
    pub new_start: Option<usize>,
    /// The number of old and new lines by the header.
    pub counts: Option<(usize, usize)>,
    /// Lines of the file after which the hunk is, as in `@@ ## Rules`.
    pub anchors: Vec<&'a str>,
    /// Whether the hunk is at the end of the file.
    pub at_end: bool,
    pub lines: Vec<HunkLine<'a>>,
    /// Whether the last old line is the file's last line, without a line end; `None` if the hunk does not say.
    pub old_open: Option<bool>,
    /// The same for the last new line.
    pub new_open: Option<bool>,
}

impl<'a> DiffHunk<'a> {
    /// The lines of one side: those without `other`.
    pub(super) fn side(&self, other: Sign) -> impl Iterator<Item = &HunkLine<'a>> {
        self.lines.iter().filter(move |line| line.sign != other)
    }

    /// The number of lines of the old and of the new side.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.side(Sign::Added).count(), self.side(Sign::Removed).count())
    }

    pub(super) fn named(&self) -> OffendingLine {
        let first = self.header.as_ref().or(self.lines.first());
        first.map_or_else(|| OffendingLine::new(1, ""), HunkLine::named)
    }

    /// Removes lines that the hunk removes and adds again: they are context, and keep the file's bytes.
    pub(super) fn without_repetitions(mut self) -> Self {
        if self.old_open.is_some() {
            return self;
        }
        let mut at = 0;
        while at < self.lines.len() {
            let run = |from: usize, sign: Sign| self.lines[from..].iter().take_while(|line| line.sign == sign).count();
            let removed = run(at, Sign::Removed);
            let added = run(at + removed, Sign::Added);
            let pairs = |offset: usize| (&self.lines[at + offset], &self.lines[at + removed + offset]);
            let same = |offset: &usize| pairs(*offset).0.text == pairs(*offset).1.text;
            let head = (0..removed.min(added)).take_while(same).count();
            for offset in 0..head {
                self.lines[at + offset].sign = Sign::Context;
            }
            self.lines.drain(at + removed..at + removed + head);
            at += (removed + added - head).max(1);
        }
        self
    }
}
