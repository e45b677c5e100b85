//! Reads the hunks of a diff from a model's text: prose, code fences, wrong counts, headers without numbers, lost blanks.
//!
//! A hunk ends where its header's counts say, if they fit. Otherwise it ends at the next header or fence, so that a line
//! without a sign never ends it: such a line is context that lost its leading blank.

use super::diff_headers::{
    Header, HeaderNumbers, closes, closes_here, fence, header_of, is_file_header, is_whole_file, name,
};
use super::diff_hunk::{DiffHunk, HunkLine, Sign};
use super::diff_refusal::Refusal;
use super::elision::is_elision;

/// A diff, read.
#[derive(Debug, Default)]
pub(super) struct ParsedDiff<'a> {
    /// The hunks, sorted by the lines of their headers if all have numbers.
    pub hunks: Vec<DiffHunk<'a>>,
    /// The file names in its headers, without `a/` and `b/`.
    pub names: Vec<&'a str>,
}

/// Reads the hunks of a diff. Ignores lines outside of hunks.
pub(super) fn parse<'a>(diff: &'a str, file_is_empty: bool) -> Result<ParsedDiff<'a>, Refusal> {
    let lines: Vec<&str> = diff
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect();
    let lines = match diff.ends_with('\n') {
        true => &lines[..lines.len() - 1],
        false => &lines[..],
    };
    let parsed = match lines.iter().any(|line| super::search_replace::is_head(line)) {
        true => super::search_replace::parse(lines)?,
        false => Reader::new(lines, file_is_empty).read()?,
    };
    let parsed = ParsedDiff {
        hunks: in_order(parsed.hunks),
        ..parsed
    };
    check(&parsed)?;
    Ok(parsed)
}

fn check(parsed: &ParsedDiff) -> Result<(), Refusal> {
    if parsed.hunks.is_empty() {
        return Err(Refusal::NoHunks);
    }
    for hunk in &parsed.hunks {
        let mut lines = hunk.lines.iter();
        if let Some(line) = lines.find(|line| line.sign == Sign::Added && is_elision(line.text)) {
            return Err(Refusal::Elision(line.named()));
        }
    }
    Ok(())
}

/// Sorts hunks, and computes the lines of their new sides, because those in the header are wrong if its counts are.
fn in_order(mut hunks: Vec<DiffHunk>) -> Vec<DiffHunk> {
    if hunks.iter().all(|hunk| hunk.start.is_some()) {
        hunks.sort_by_key(|hunk| hunk.start);
    }
    let mut drift = 0_isize;
    for hunk in &mut hunks {
        let (old, new) = hunk.sizes();
        hunk.new_start = hunk.start.map(|start| start.saturating_add_signed(drift));
        drift += new.cast_signed() - old.cast_signed();
    }
    hunks
}

/// Walks over the lines of a unified diff, or of a patch in the format of Codex.
struct Reader<'a, 'l> {
    lines: &'l [&'a str],
    at: usize,
    file_is_empty: bool,
    /// The fence around the diff, if it is open.
    fence: Option<&'a str>,
    /// The old and the new name of each file header.
    files: Vec<(&'a str, &'a str)>,
    anchors: Vec<&'a str>,
    hunks: Vec<DiffHunk<'a>>,
}

impl<'a, 'l> Reader<'a, 'l> {
    fn new(lines: &'l [&'a str], file_is_empty: bool) -> Self {
        Self {
            lines,
            at: 0,
            file_is_empty,
            fence: None,
            files: Vec::new(),
            anchors: Vec::new(),
            hunks: Vec::new(),
        }
    }

    fn read(mut self) -> Result<ParsedDiff<'a>, Refusal> {
        while let Some(line) = self.lines.get(self.at).copied() {
            if is_file_header(&self.lines[self.at..]) {
                self.file(name(line), name(self.lines[self.at + 1]))?;
                self.at += 2;
                self.headless();
            } else if line.starts_with("@@") {
                self.hunk(line)?;
            } else if let Some(path) = line.strip_prefix("*** Update File: ") {
                self.file(path.trim(), path.trim())?;
                self.at += 1;
                self.headless();
            } else if is_whole_file(line) {
                return Err(Refusal::WHOLE_FILE);
            } else {
                self.outside(line);
            }
        }
        if self.hunks.is_empty() && self.files.is_empty() {
            self.bare();
        }
        self.files.dedup();
        match self.files[..] {
            [_, _, ..] => Err(Refusal::SeveralFiles),
            _ => Ok(ParsedDiff {
                names: self.files.iter().flat_map(|(old, new)| [*old, *new]).collect(),
                hunks: self.hunks,
            }),
        }
    }

    /// A line outside of hunks: a fence, or prose.
    fn outside(&mut self, line: &'a str) {
        if line.starts_with("*** End of File")
            && let Some(last) = self.hunks.last_mut()
        {
            last.at_end = true;
        }
        match (fence(line), self.fence) {
            (Some(open), None) => self.fence = Some(open),
            (Some(close), Some(open)) if closes(line, close, open) => self.fence = None,
            _ => {}
        }
        self.at += 1;
    }

    fn file(&mut self, old: &'a str, new: &'a str) -> Result<(), Refusal> {
        if new == "/dev/null" || old == "/dev/null" && !self.file_is_empty {
            return Err(Refusal::WHOLE_FILE);
        }
        self.files.push((old, new));
        Ok(())
    }

    /// A hunk that follows its file's header without a header of its own.
    fn headless(&mut self) {
        let next = self.lines.get(self.at).copied().unwrap_or("@@");
        if next.starts_with([' ', '+', '-']) && !is_file_header(&self.lines[self.at..]) {
            self.body(None, None);
        }
    }

    /// A diff that is one hunk without any header: every line has a sign or is blank.
    fn bare(&mut self) {
        let is_prose = |line: &&str| !line.starts_with([' ', '+', '-']) && !line.is_empty() && fence(line).is_none();
        if !self.lines.iter().any(is_prose) {
            self.at = self.lines.iter().take_while(|line| fence(line).is_some()).count();
            self.body(None, None);
            self.hunks
                .retain(|hunk| hunk.lines.iter().any(|line| line.sign == Sign::Added));
        }
    }

    fn hunk(&mut self, line: &'a str) -> Result<(), Refusal> {
        let header = HunkLine {
            sign: Sign::Context,
            text: line,
            raw: line,
            number: self.at + 1,
        };
        self.at += 1;
        match header_of(line) {
            Some(Header::Numbers(numbers)) => self.body(Some(header), Some(numbers)),
            Some(Header::Bare) => self.body(Some(header), None),
            Some(Header::Anchor(anchor)) => {
                self.anchors.push(anchor);
                // A further anchor may follow, as for a part of a section.
                if !self.lines.get(self.at).is_some_and(|next| next.starts_with("@@")) {
                    self.body(Some(header), None);
                }
            }
            None => return Err(Refusal::BadHeader(header.named())),
        }
        Ok(())
    }

    fn body(&mut self, header: Option<HunkLine<'a>>, numbers: Option<HeaderNumbers>) {
        let rest = &self.lines[self.at..];
        let end = rest.iter().enumerate().position(|(at, _)| self.ends(&rest[at..]));
        let rest = &rest[..end.unwrap_or(rest.len())];
        let counts = numbers.map(|numbers| (numbers.old.1, numbers.new.1));
        let length = counts.and_then(|counts| counted_length(rest, counts));
        let length = length.unwrap_or_else(|| self.whole_length(rest, counts.is_none()));
        let mut hunk = DiffHunk {
            header,
            counts,
            anchors: std::mem::take(&mut self.anchors),
            ..DiffHunk::default()
        };
        for (at, line) in rest[..length].iter().enumerate() {
            match line.starts_with('\\') {
                true => mark_open(&mut hunk),
                false => hunk.lines.push(HunkLine::new(line, self.at + at + 1)),
            }
        }
        // An empty side states the line before it; any other side states its first line.
        let has_old = usize::from(hunk.sizes().0 > 0);
        hunk.start = numbers.map(|numbers| numbers.old.0.saturating_sub(has_old));
        self.at += length;
        if header.is_some() || !hunk.lines.is_empty() {
            self.hunks.push(hunk);
        }
    }

    /// All lines up to the next header or fence, without blank lines at the end. A hunk without counts may end in a fence
    /// that was opened outside of this text.
    fn whole_length(&self, rest: &[&str], may_end_in_fence: bool) -> usize {
        let blank = |length: usize| rest[..length].iter().rev().take_while(|line| line.is_empty()).count();
        let length = rest.len() - blank(rest.len());
        match rest[..length].last() {
            Some(last) if may_end_in_fence && self.fence.is_none() && fence(last) == Some(last.trim_end()) => {
                length - 1 - blank(length - 1)
            }
            _ => length,
        }
    }

    /// Whether the body of a hunk ends before these lines.
    fn ends(&self, lines: &[&str]) -> bool {
        let line = lines[0];
        line.starts_with("@@")
            || is_file_header(lines) && lines.get(2).is_some_and(|third| third.starts_with("@@"))
            || is_whole_file(line)
            || ["diff --git ", "Index: ", "*** End ", "*** Update File: "]
                .iter()
                .any(|start| line.starts_with(start))
            || line == "-- " && lines.len() <= 4
            || self.fence.is_some_and(|open| closes_here(lines, open))
    }
}

/// The length by the header's counts, if they fit the lines and no further line looks like a part of the hunk.
fn counted_length(lines: &[&str], (mut old, mut new): (usize, usize)) -> Option<usize> {
    let mut at = 0;
    while old > 0 || new > 0 {
        match lines.get(at)?.chars().next() {
            Some('-') => old = old.checked_sub(1)?,
            Some('+') => new = new.checked_sub(1)?,
            Some('\\') => {}
            _ => (old, new) = (old.checked_sub(1)?, new.checked_sub(1)?),
        }
        at += 1;
    }
    at += usize::from(lines.get(at).is_some_and(|line| line.starts_with('\\')));
    let rest = &lines[at..];
    let goes_on =
        rest.first().is_some_and(|line| line.starts_with(' ')) || rest.iter().any(|line| line.starts_with(['+', '-']));
    (!goes_on).then_some(at)
}

/// Applies `\ No newline at end of file`, which refers to the line before it. The other side then has a line end.
fn mark_open(hunk: &mut DiffHunk) {
    let last = hunk.lines.last().map(|line| line.sign);
    let (old, new) = (last != Some(Sign::Added), last != Some(Sign::Removed));
    hunk.old_open = Some(old || hunk.old_open == Some(true));
    hunk.new_open = Some(new || hunk.new_open == Some(true));
}
