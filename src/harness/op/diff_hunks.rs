//! Reads the hunks of a unified diff from a model's text, which may have prose, code fences and wrong counts, and
//! defines the reasons to refuse a diff.

/// The maximum number of lines of a text or a diff, because the search is quadratic in the worst case.
pub(super) const MOST_LINES: usize = 5_000;

/// The reason why a diff is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The text has no hunks.
    #[error("it has no hunks; write unified diff hunks that start with `@@ -line,count +line,count @@`")]
    NoHunks,
    /// A line starts with `@@` but is not a hunk header.
    #[error("line {line} of the diff is not a hunk header; write `@@ -line,count +line,count @@`")]
    BadHeader {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// A hunk has only context lines.
    #[error("the hunk at line {line} of the diff adds and removes nothing")]
    EmptyHunk {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// The diff names more than one file.
    #[error("it changes more than one file; write one edit per file")]
    SeveralFiles,
    /// The diff creates or deletes a file.
    #[error("it creates or deletes a file; use replace_system_prompt")]
    WholeFile,
    /// The file does not have the hunk's old lines.
    #[error(
        "the context of the hunk at line {line} of the diff is not in the file; make the diff against the current file"
    )]
    NotFound {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// The file has the hunk's old lines several times, and not at the stated line.
    #[error("the hunk at line {line} of the diff fits at several positions; give it more context")]
    Ambiguous {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// Two hunks touch the same lines.
    #[error("the hunk at line {line} of the diff overlaps another; join them")]
    Overlap {
        /// Line of the diff, from 1.
        line: usize,
    },
    /// The diff would change its own result again.
    #[error("it would apply again to its own result; give it more context")]
    Repeats,
    /// The text or the diff is too long.
    #[error("more than {MOST_LINES} lines; use replace_system_prompt")]
    TooLong,
}

/// One side of a hunk.
#[derive(Debug, Default)]
pub(super) struct Side<'a> {
    /// The stated line in the file, from 0.
    pub start: usize,
    /// The lines, without line ends.
    pub lines: Vec<&'a str>,
    /// Whether its last line is the file's last line, without a line end; `None` if the hunk does not say.
    pub open_end: Option<bool>,
}

#[derive(Debug)]
pub(super) struct DiffHunk<'a> {
    /// Line of its header in the diff, from 1.
    pub line: usize,
    /// Context and removed lines.
    pub old: Side<'a>,
    /// Context and added lines.
    pub new: Side<'a>,
    /// The sign and text of each line.
    pub changes: Vec<(char, &'a str)>,
}

impl<'a> DiffHunk<'a> {
    pub(crate) fn old_side(&self) -> &Side<'a> {
        &self.old
    }

    pub(crate) fn new_side(&self) -> &Side<'a> {
        &self.new
    }
}

/// Reads the hunks of a diff, sorted by their old lines. Ignores lines outside of hunks.
pub(super) fn parse(diff: &str, file_is_empty: bool) -> Result<Vec<DiffHunk<'_>>, Refusal> {
    let lines: Vec<&str> = diff
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect();
    let lines = if diff.ends_with('\n') {
        &lines[..lines.len() - 1]
    } else {
        &lines[..]
    };
    let (mut hunks, mut at, mut files) = (Vec::new(), 0, 0);
    while at < lines.len() {
        if is_file_header(&lines[at..]) {
            files += 1;
            check_names(lines[at], lines[at + 1], file_is_empty)?;
            at += 2;
        } else if lines[at].starts_with("@@") {
            let header = header(lines[at]).ok_or(Refusal::BadHeader { line: at + 1 })?;
            let length = body_length(&lines[at + 1..], header);
            hunks.push(hunk(at + 1, header, &lines[at + 1..at + 1 + length])?);
            at += 1 + length;
        } else {
            at += 1;
        }
    }
    match (hunks.len(), files) {
        (0, _) => Err(Refusal::NoHunks),
        (_, 2..) => Err(Refusal::SeveralFiles),
        _ => Ok(in_order(hunks)),
    }
}

fn is_file_header(lines: &[&str]) -> bool {
    matches!(lines, [old, new, ..] if old.starts_with("--- ") && new.starts_with("+++ "))
}

fn check_names(old: &str, new: &str, file_is_empty: bool) -> Result<(), Refusal> {
    let none = |line: &str| line[4..].trim() == "/dev/null";
    if none(new) || (none(old) && !file_is_empty) {
        Err(Refusal::WholeFile)
    } else {
        Ok(())
    }
}

/// The start and the count of both sides, as a hunk header states them.
#[derive(Clone, Copy)]
struct Header {
    old: (usize, usize),
    new: (usize, usize),
}

fn header(line: &str) -> Option<Header> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    Some(Header {
        old: range(old)?,
        new: range(new)?,
    })
}

fn range(text: &str) -> Option<(usize, usize)> {
    let number = |digits: &str| digits.parse::<u32>().ok().map(|number| number as usize);
    match text.split_once(',') {
        Some((start, count)) => Some((number(start)?, number(count)?)),
        None => Some((number(text)?, 1)),
    }
}

/// The number of lines of a hunk: by the counts of its header or, if they are wrong, by the form of the lines.
fn body_length(lines: &[&str], header: Header) -> usize {
    counted_length(lines, header).unwrap_or_else(|| {
        let stops = |at: &usize| {
            is_file_header(&lines[*at..]) || !lines[*at].starts_with([' ', '+', '-', '\\']) && !lines[*at].is_empty()
        };
        let mut length = (0..lines.len()).find(stops).unwrap_or(lines.len());
        while length > 0 && lines[length - 1].is_empty() {
            length -= 1;
        }
        length
    })
}

/// The length by the header's counts, if they fit the lines and no further line looks like a part of the hunk.
fn counted_length(lines: &[&str], header: Header) -> Option<usize> {
    let (mut old, mut new, mut at) = (header.old.1, header.new.1, 0);
    while old > 0 || new > 0 {
        match lines.get(at)?.chars().next() {
            Some('-') => old = old.checked_sub(1)?,
            Some('+') => new = new.checked_sub(1)?,
            Some(' ') | None => (old, new) = (old.checked_sub(1)?, new.checked_sub(1)?),
            Some('\\') => {}
            Some(_) => return None,
        }
        at += 1;
    }
    at += usize::from(lines.get(at).is_some_and(|line| line.starts_with('\\')));
    let rest = &lines[at..];
    let ends = rest
        .first()
        .is_none_or(|line| *line == "-- " || !line.starts_with([' ', '+', '-']));
    (ends || is_file_header(rest)).then_some(at)
}

fn hunk<'a>(line: usize, header: Header, body: &[&'a str]) -> Result<DiffHunk<'a>, Refusal> {
    let mut hunk = DiffHunk {
        line,
        old: Side::default(),
        new: Side::default(),
        changes: Vec::new(),
    };
    for text in body {
        let sign = text.chars().next().unwrap_or(' ');
        let last = hunk.changes.last().map(|(sign, _)| *sign);
        match sign {
            '\\' => mark_open(&mut hunk, last),
            _ => push(&mut hunk, sign, text.get(1..).unwrap_or_default()),
        }
    }
    if hunk.changes.iter().all(|(sign, _)| *sign == ' ') {
        return Err(Refusal::EmptyHunk { line });
    }
    // An empty side states the line before it; any other side states its first line.
    hunk.old.start = header.old.0.saturating_sub(usize::from(!hunk.old.lines.is_empty()));
    Ok(hunk)
}

fn push<'a>(hunk: &mut DiffHunk<'a>, sign: char, text: &'a str) {
    if sign != '+' {
        hunk.old.lines.push(text);
    }
    if sign != '-' {
        hunk.new.lines.push(text);
    }
    hunk.changes.push((sign, text));
}

/// Applies `\ No newline at end of file`, which refers to the line before it. The other side then has a line end.
fn mark_open(hunk: &mut DiffHunk, last: Option<char>) {
    let (old, new) = (last != Some('+'), last != Some('-'));
    hunk.old.open_end = Some(old || hunk.old.open_end == Some(true));
    hunk.new.open_end = Some(new || hunk.new.open_end == Some(true));
}

/// Sorts hunks, and computes the lines of their new sides, because those in the header are wrong if its counts are.
fn in_order(mut hunks: Vec<DiffHunk>) -> Vec<DiffHunk> {
    hunks.sort_by_key(|hunk| hunk.old.start);
    let mut drift = 0_isize;
    for hunk in &mut hunks {
        hunk.new.start = hunk.old.start.saturating_add_signed(drift);
        drift += hunk.new.lines.len().cast_signed() - hunk.old.lines.len().cast_signed();
    }
    hunks
}
