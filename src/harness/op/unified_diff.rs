//! Applies a unified diff strictly: checks every context line, and refuses a diff that fits several positions.
//!
//! No crate is used, because the existing ones apply a diff at one of several possible positions without a warning,
//! read prose as an empty diff, and refuse the wrong line counts that models write.
//!
//! A diff that was already applied changes nothing, so that applying it twice is the same as applying it once. The side
//! with more lines is searched first, because it is more specific: for a diff that adds more lines than it removes,
//! first the applied text, otherwise first the original. The stated line is tried before other positions.

use super::diff_hunks::{DiffHunk, MOST_LINES, Refusal, Side, parse};

/// A text as lines with their line ends.
struct TextLines<'a> {
    lines: Vec<(&'a str, &'a str)>,
    end: &'static str,
}

/// The relation of a diff to a text.
enum DiffMatch {
    /// The diff was already applied.
    Applied,
    /// The diff applies, with each hunk at this line, from 0.
    Applies(Vec<usize>),
}

/// Applies a diff. Returns a text to which it was already applied unchanged.
///
/// Lines end with LF or CRLF. Line ends are ignored in comparisons, and those of the text are kept.
///
/// # Errors
/// The diff does not apply at exactly one position, or is not a diff of exactly one file.
pub(crate) fn apply(original: &str, diff: &str) -> Result<String, Refusal> {
    let lines = TextLines::of(original);
    if lines.lines.len() > MOST_LINES || diff.lines().count() > MOST_LINES {
        return Err(Refusal::TooLong);
    }
    let hunks = parse(diff, original.is_empty())?;
    let DiffMatch::Applies(places) = read(&lines, &hunks)? else {
        return Ok(original.to_owned());
    };
    let result = rewrite(&lines, &hunks, &places);
    match read(&TextLines::of(&result), &hunks) {
        Ok(DiffMatch::Applies(_)) => Err(Refusal::Repeats),
        _ => Ok(result),
    }
}

impl<'a> TextLines<'a> {
    fn of(text: &'a str) -> Self {
        let split = |line: &'a str| {
            let end = if line.ends_with("\r\n") {
                2
            } else {
                usize::from(line.ends_with('\n'))
            };
            line.split_at(line.len() - end)
        };
        let lines: Vec<_> = text.split_inclusive('\n').map(split).collect();
        let end = if lines.first().is_some_and(|(_, end)| *end == "\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        Self { lines, end }
    }

    /// Whether the last line has a line end. An empty text counts as complete.
    fn complete(&self) -> bool {
        self.lines.last().is_none_or(|(_, end)| !end.is_empty())
    }

    /// Whether the text has one side of a hunk at this line.
    fn has(&self, side: &Side, at: usize) -> bool {
        let stop = at + side.lines.len();
        let Some(window) = self.lines.get(at..stop) else {
            return false;
        };
        let end_agrees = match side.open_end {
            Some(true) => stop == self.lines.len() && !self.complete(),
            Some(false) => stop < self.lines.len() || self.complete(),
            None => true,
        };
        end_agrees
            && window
                .iter()
                .zip(&side.lines)
                .all(|((found, _), wanted)| found == wanted)
    }
}

fn read(lines: &TextLines, hunks: &[DiffHunk]) -> Result<DiffMatch, Refusal> {
    let size = |hunk: &DiffHunk| (hunk.new.lines.len(), hunk.old.lines.len());
    let (new, old) = hunks
        .iter()
        .map(size)
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let adds = new > old;
    for exact in [true, false] {
        for new_side in [adds, !adds] {
            let found = places(
                lines,
                hunks,
                exact,
                if new_side {
                    DiffHunk::new_side
                } else {
                    DiffHunk::old_side
                },
            );
            match found {
                Ok(_) if new_side && is_evidence(lines, hunks, exact) => return Ok(DiffMatch::Applied),
                Ok(found) if !new_side => return Ok(DiffMatch::Applies(found)),
                _ => {}
            }
        }
    }
    places(lines, hunks, false, DiffHunk::old_side).map(DiffMatch::Applies)
}

/// Whether the new sides prove that a diff was applied. An empty new side fits everywhere, so it proves nothing alone.
fn is_evidence(lines: &TextLines, hunks: &[DiffHunk], exact: bool) -> bool {
    let full = |hunk: &DiffHunk| !hunk.new.lines.is_empty();
    lines.lines.is_empty()
        || if exact {
            hunks.iter().any(full)
        } else {
            hunks.iter().all(full)
        }
}

/// The line at which the text has this side of each hunk, from 0, in order.
fn places<'h>(
    lines: &TextLines,
    hunks: &'h [DiffHunk<'h>],
    exact: bool,
    side: fn(&'h DiffHunk<'h>) -> &'h Side<'h>,
) -> Result<Vec<usize>, Refusal> {
    let mut found: Vec<usize> = Vec::with_capacity(hunks.len());
    let mut drift = 0;
    let mut free = 0;
    for hunk in hunks {
        let wanted = side(hunk);
        let stated = wanted
            .start
            .checked_add_signed(drift)
            .ok_or(Refusal::NotFound { line: hunk.line })?;
        let at = if lines.has(wanted, stated) {
            stated
        } else if exact || wanted.lines.is_empty() {
            return Err(Refusal::NotFound { line: hunk.line });
        } else {
            only_place(lines, wanted, hunk.line)?
        };
        if at < free || found.last() == Some(&at) {
            return Err(Refusal::Overlap { line: hunk.line });
        }
        drift = at.cast_signed() - wanted.start.cast_signed();
        free = at + wanted.lines.len();
        found.push(at);
    }
    Ok(found)
}

fn only_place(lines: &TextLines, side: &Side, line: usize) -> Result<usize, Refusal> {
    let mut fits = (0..lines.lines.len()).filter(|at| lines.has(side, *at));
    match (fits.next(), fits.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(Refusal::NotFound { line }),
        (Some(_), Some(_)) => Err(Refusal::Ambiguous { line }),
    }
}

fn rewrite(lines: &TextLines, hunks: &[DiffHunk], places: &[usize]) -> String {
    let mut result: Vec<(&str, &str)> = Vec::new();
    let mut position = 0;
    let mut open_end = None;
    for (hunk, at) in hunks.iter().zip(places) {
        result.extend(&lines.lines[position..*at]);
        position = *at;
        for change in &hunk.changes {
            match change {
                (' ', _) => result.push(lines.lines[position]),
                ('+', added) => result.push((added, "")),
                _ => {}
            }
            position += usize::from(change.0 != '+');
        }
        open_end = hunk.new.open_end.filter(|_| position == lines.lines.len());
    }
    let rest = &lines.lines[position..];
    result.extend(rest);
    let added_last = rest.is_empty() && result.last().is_some_and(|(_, end)| end.is_empty());
    let complete = match open_end {
        Some(open) => !open,
        None if added_last => lines.complete(),
        None => result.last().is_none_or(|(_, end)| !end.is_empty()),
    };
    join(&result, lines.end, complete)
}

fn join(lines: &[(&str, &str)], line_end: &str, complete: bool) -> String {
    let mut text = String::new();
    for (index, (line, end)) in lines.iter().enumerate() {
        text.push_str(line);
        if index + 1 < lines.len() || complete {
            text.push_str(if end.is_empty() { line_end } else { end });
        }
    }
    text
}
