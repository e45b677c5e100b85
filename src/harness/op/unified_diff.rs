//! Applying a unified diff strictly: every context line is checked, and a doubtful place is a refusal.
//!
//! Written here and not taken from a crate, since those apply at one of several possible places without saying so,
//! take prose for an empty diff, and refuse the wrong counts that models write.
//!
//! A diff that stands in the text already changes nothing, so that applying twice is applying once. Which reading
//! holds is decided by the more specific side: a diff that adds is looked for as applied first, one that removes as
//! not applied first, and the stated line goes before any other place.

use super::diff_hunks::{Hunk, MOST_LINES, Refusal, Side, parse};

/// A text as lines with their own ends.
struct Lines<'a> {
    lines: Vec<(&'a str, &'a str)>,
    end: &'static str,
}

/// What a diff means for a text.
enum Reading {
    /// It has been applied.
    Applied,
    /// It applies, each hunk at its line, from 0.
    Applies(Vec<usize>),
}

/// Applies a diff; a text that has the change already comes back as it is.
///
/// Only LF and CRLF end a line; ends are ignored when matching and the text's own are kept.
///
/// # Errors
/// A diff that does not apply at one certain place, or is not one diff of one file.
pub(crate) fn apply(original: &str, diff: &str) -> Result<String, Refusal> {
    let lines = Lines::of(original);
    if lines.lines.len() > MOST_LINES || diff.lines().count() > MOST_LINES {
        return Err(Refusal::TooLong);
    }
    let hunks = parse(diff, original.is_empty())?;
    let Reading::Applies(places) = read(&lines, &hunks)? else {
        return Ok(original.to_owned());
    };
    let result = rewrite(&lines, &hunks, &places);
    match read(&Lines::of(&result), &hunks) {
        Ok(Reading::Applies(_)) => Err(Refusal::Repeats),
        _ => Ok(result),
    }
}

impl<'a> Lines<'a> {
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

    /// Whether the last line has its end; an empty text counts as complete.
    fn complete(&self) -> bool {
        self.lines.last().is_none_or(|(_, end)| !end.is_empty())
    }

    /// Whether one side of a hunk stands at a line.
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

fn read(lines: &Lines, hunks: &[Hunk]) -> Result<Reading, Refusal> {
    let size = |hunk: &Hunk| (hunk.new.lines.len(), hunk.old.lines.len());
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
                if new_side { Hunk::new_side } else { Hunk::old_side },
            );
            match found {
                Ok(_) if new_side && is_evidence(lines, hunks, exact) => return Ok(Reading::Applied),
                Ok(found) if !new_side => return Ok(Reading::Applies(found)),
                _ => {}
            }
        }
    }
    places(lines, hunks, false, Hunk::old_side).map(Reading::Applies)
}

/// An empty new side stands everywhere, and so proves only with its neighbours that a diff was applied.
fn is_evidence(lines: &Lines, hunks: &[Hunk], exact: bool) -> bool {
    let full = |hunk: &Hunk| !hunk.new.lines.is_empty();
    lines.lines.is_empty()
        || if exact {
            hunks.iter().any(full)
        } else {
            hunks.iter().all(full)
        }
}

/// The line of each hunk's side, from 0, in order.
fn places<'h>(
    lines: &Lines,
    hunks: &'h [Hunk<'h>],
    exact: bool,
    side: fn(&'h Hunk<'h>) -> &'h Side<'h>,
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

fn only_place(lines: &Lines, side: &Side, line: usize) -> Result<usize, Refusal> {
    let mut fits = (0..lines.lines.len()).filter(|at| lines.has(side, *at));
    match (fits.next(), fits.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => Err(Refusal::NotFound { line }),
        (Some(_), Some(_)) => Err(Refusal::Ambiguous { line }),
    }
}

fn rewrite(lines: &Lines, hunks: &[Hunk], places: &[usize]) -> String {
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
