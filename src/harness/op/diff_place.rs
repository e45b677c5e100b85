//! Finds the position of each hunk of a diff in a text.

use std::ops::Range;

use super::diff_hunk::{DiffHunk, HunkLine, Sign};
use super::diff_refusal::Refusal;
use super::elision::is_elision;
use super::text_lines::{TextLines, without_blanks};

/// One side of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Context and removed lines.
    Old,
    /// Context and added lines.
    New,
}

/// How the lines of a hunk are compared with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// At the stated line only.
    Stated,
    /// At the stated line, otherwise at the only position.
    Exact,
    /// At the only position if blanks at the ends of lines are ignored.
    Loose,
}

/// The position of a hunk.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The index of the hunk.
    pub hunk: usize,
    /// The lines that it covers, with its context.
    pub window: Range<usize>,
    /// The lines between its first and its last change.
    pub core: Range<usize>,
}

/// One side of a hunk, and where it may be.
struct HunkSide<'h, 'a> {
    hunk: &'h DiffHunk<'a>,
    lines: Vec<&'h HunkLine<'a>>,
    /// The first line by the header, from 0.
    start: Option<usize>,
    open_end: Option<bool>,
    loose: bool,
}

impl<'h, 'a> HunkSide<'h, 'a> {
    fn new(hunk: &'h DiffHunk<'a>, side: Side, how: Match) -> Self {
        let (other, start, open_end) = match side {
            Side::Old => (Sign::Added, hunk.start, hunk.old_open),
            Side::New => (Sign::Removed, hunk.new_start, hunk.new_open),
        };
        Self {
            hunk,
            lines: hunk.side(other).collect(),
            start,
            open_end,
            loose: how == Match::Loose,
        }
    }

    fn fits(&self, found: &str, line: &HunkLine) -> bool {
        found == line.text || self.loose && without_blanks(found) == without_blanks(line.text)
    }

    /// The number of lines, from the first, that the text has at this position.
    fn matching(&self, text: &TextLines, at: usize) -> usize {
        let found = text.lines.get(at..).unwrap_or_default().iter();
        found
            .zip(&self.lines)
            .take_while(|((found, _), line)| self.fits(found, line))
            .count()
    }

    /// Whether the text has the lines at this position.
    fn is_at(&self, text: &TextLines, at: usize) -> bool {
        let stop = at + self.lines.len();
        let end_agrees = match self.open_end {
            Some(true) => stop == text.lines.len() && !text.complete(),
            Some(false) => stop < text.lines.len() || text.complete(),
            None => true,
        };
        end_agrees
            && stop <= text.lines.len()
            && (!self.hunk.at_end || stop == text.lines.len())
            && self.matching(text, at) == self.lines.len()
    }

    /// The line of the hunk that the text does not have, at the position where most lines fit.
    fn missing(&self, text: &TextLines) -> Refusal {
        let near = self.start.unwrap_or_default();
        let best =
            (0..=text.lines.len()).max_by_key(|at| (self.matching(text, *at), std::cmp::Reverse(at.abs_diff(near))));
        let matching = best.map_or(0, |at| self.matching(text, at));
        match self.lines.get(matching) {
            Some(line) if is_elision(line.text) => Refusal::Elision(line.named()),
            Some(line) => Refusal::NotFound(line.named()),
            None => Refusal::NotFound(self.hunk.named()),
        }
    }
}

/// The position of each hunk's side, in the order of the text.
pub(super) fn places(text: &TextLines, hunks: &[DiffHunk], how: Match, side: Side) -> Result<Vec<Place>, Refusal> {
    let mut found: Vec<Place> = Vec::with_capacity(hunks.len());
    let mut drift = 0;
    for (number, hunk) in hunks.iter().enumerate() {
        let wanted = HunkSide::new(hunk, side, how);
        let stated = wanted.start.and_then(|start| start.checked_add_signed(drift));
        let at = place(text, &wanted, stated, how)?;
        if let Some(start) = wanted.start {
            drift = at.cast_signed() - start.cast_signed();
        }
        found.push(Place {
            hunk: number,
            window: at..at + wanted.lines.len(),
            core: core(hunk, side, at),
        });
    }
    found.sort_by_key(|place| (place.window.start, place.window.end));
    match found.windows(2).find(|pair| overlap(&pair[0], &pair[1])) {
        Some(pair) => Err(Refusal::Overlap(hunks[pair[0].hunk.max(pair[1].hunk)].named())),
        None => Ok(found),
    }
}

/// Whether two hunks, in order, touch the same lines. Their context may overlap.
fn overlap(first: &Place, second: &Place) -> bool {
    let apart = first.window.end <= second.window.start;
    let same_place = first.window.is_empty() && second.window.is_empty() && first.window.start == second.window.start;
    let only_context = first.core.end <= second.window.start && first.window.end <= second.core.start;
    same_place || first.window.start == second.window.start || !apart && !only_context
}

/// The lines of a side between the hunk's first and last change.
fn core(hunk: &DiffHunk, side: Side, at: usize) -> Range<usize> {
    let is_context = |line: &&HunkLine| line.sign == Sign::Context;
    let head = hunk.lines.iter().take_while(is_context).count();
    let tail = hunk.lines.iter().rev().take_while(is_context).count();
    let (old, new) = hunk.sizes();
    let size = match side {
        Side::Old => old,
        Side::New => new,
    };
    at + head..at + size.saturating_sub(tail).max(head)
}

fn place(text: &TextLines, wanted: &HunkSide, stated: Option<usize>, how: Match) -> Result<usize, Refusal> {
    if wanted.lines.is_empty() {
        return insertion(text, wanted, stated);
    }
    let stated = stated.filter(|at| how != Match::Loose && wanted.is_at(text, *at));
    match stated {
        Some(at) => Ok(at),
        None if how == Match::Stated => Err(wanted.missing(text)),
        None => only_place(text, wanted),
    }
}

/// The position of a side without lines: the stated one, after the anchor, or the end of the file.
fn insertion(text: &TextLines, wanted: &HunkSide, stated: Option<usize>) -> Result<usize, Refusal> {
    let end = text.lines.len();
    if wanted.hunk.at_end || end == 0 {
        return Ok(end);
    }
    if !wanted.hunk.anchors.is_empty() {
        return Ok(last_anchor(text, wanted)? + 1);
    }
    match stated {
        Some(at) if at <= end => Ok(at),
        Some(_) => Err(Refusal::NotFound(wanted.hunk.named())),
        None => Err(Refusal::NoContext(wanted.hunk.named())),
    }
}

fn only_place(text: &TextLines, wanted: &HunkSide) -> Result<usize, Refusal> {
    let has_anchors = !wanted.hunk.anchors.is_empty();
    // The hunk may repeat the anchor as its first line.
    let from = if has_anchors { last_anchor(text, wanted)? } else { 0 };
    let mut fits = (from..text.lines.len()).filter(|at| wanted.is_at(text, *at));
    match (fits.next(), fits.next()) {
        // An anchor names the section, so the first position after it is meant.
        (Some(at), None) => Ok(at),
        (Some(at), Some(_)) if has_anchors => Ok(at),
        (None, _) => Err(wanted.missing(text)),
        (Some(_), Some(_)) => Err(Refusal::Ambiguous(wanted.hunk.named())),
    }
}

/// The line of the last anchor. Each must be one line of the text, after the one before it.
fn last_anchor(text: &TextLines, wanted: &HunkSide) -> Result<usize, Refusal> {
    let mut last = None;
    for anchor in &wanted.hunk.anchors {
        let lines = text.lines.iter().enumerate().skip(last.map_or(0, |at| at + 1));
        let mut fits = lines.filter(|(_, (line, _))| line.trim() == anchor.trim());
        last = match (fits.next(), fits.next()) {
            (Some((at, _)), None) => Some(at),
            (None, _) => return Err(Refusal::BadHeader(wanted.hunk.named())),
            (Some(_), Some(_)) => return Err(Refusal::Ambiguous(wanted.hunk.named())),
        };
    }
    Ok(last.unwrap_or_default())
}
