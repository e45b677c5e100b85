//! Applies a diff strictly: all of it or nothing, checked line by line, and never at one of several possible positions.
//!
//! No crate is used, because the existing ones apply a diff at one of several possible positions without a warning,
//! read prose as an empty diff, and refuse the wrong line counts that models write.
//!
//! A diff that was already applied changes nothing, so that applying it twice is the same as applying it once. The side
//! with more lines is searched first, because it is more specific: for a diff that adds more lines than it removes,
//! first the applied text, otherwise first the original. The stated line is tried before other positions.

use super::diff_hunk::{DiffHunk, HunkLine, Sign};
use super::diff_hunks::parse;
use super::diff_place::{Match, Place, Side, places};
use super::diff_refusal::{MOST_LINES, Refusal};
use super::text_lines::TextLines;

/// The relation of a diff to a text.
enum DiffMatch {
    /// The diff was already applied.
    Applied,
    /// The diff applies, with these hunks at these places, in the order of the text.
    Applies(Vec<Place>),
}

/// Applies a diff. Returns a text to which it was already applied unchanged.
///
/// Lines end with LF or CRLF. Line ends are ignored in comparisons, and those of the text are kept. Blanks at the end of
/// a line are ignored if the diff then fits exactly one position; the text's are kept.
///
/// # Errors
/// The diff does not apply at exactly one position, or is not a diff of exactly one file.
pub(crate) fn apply(original: &str, diff: &str) -> Result<String, Refusal> {
    let text = original.strip_prefix('\u{feff}').unwrap_or(original);
    let lines = TextLines::of(text);
    if lines.lines.len() > MOST_LINES || diff.lines().count() > MOST_LINES {
        return Err(Refusal::TOO_LONG);
    }
    let hunks = parse(diff, text.is_empty())?.hunks;
    if let Some(line) = hunks.iter().find_map(|hunk| uncertain_sign(hunk, &lines)) {
        return Err(Refusal::LostSign(line.named()));
    }
    let applied = match applied(&lines, &hunks) {
        Err(refusal @ Refusal::NotFound(_)) => match with_lost_blanks(&hunks, &lines)? {
            Some(hunks) => self::applied(&lines, &hunks).map_err(|_| refusal)?,
            None => return Err(refusal),
        },
        applied => applied?,
    };
    Ok(match applied {
        Some(applied) => format!("{}{applied}", &original[..original.len() - text.len()]),
        None => original.to_owned(),
    })
}

/// A changed line that the text has with its sign too, unless the counts of the header show that it is not context.
fn uncertain_sign<'h, 'a>(hunk: &'h DiffHunk<'a>, text: &TextLines) -> Option<&'h HunkLine<'a>> {
    let as_context = |line: &&HunkLine| line.raw != line.text && text.contains(line.raw);
    let changes = |line: &&HunkLine| match line.sign {
        Sign::Added => true,
        // If the text does not have the line without the sign, its blank was lost.
        Sign::Removed => text.contains(line.text),
        Sign::Context => false,
    };
    let mut lines = hunk.lines.iter().filter(|_| hunk.counts != Some(hunk.sizes()));
    lines.find(|line| changes(line) && as_context(line))
}

/// The names of the files that a diff changes, as its headers state them; empty if it has no headers.
pub(super) fn files(diff: &str) -> Vec<&str> {
    parse(diff, false).map(|parsed| parsed.names).unwrap_or_default()
}

/// The lines that a diff removes and those that it adds; `None` if it cannot be read.
pub(super) fn changed_lines(diff: &str) -> Option<(Vec<&str>, Vec<&str>)> {
    let hunks: Vec<DiffHunk> = parse(diff, false).ok()?.hunks;
    let hunks: Vec<DiffHunk> = hunks.into_iter().map(DiffHunk::without_repetitions).collect();
    let of = |sign: Sign| {
        let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.filter(|line| line.sign == sign).map(|line| line.text).collect()
    };
    Some((of(Sign::Removed), of(Sign::Added)))
}

/// The text after the diff; `None` if it was already applied.
fn applied(lines: &TextLines, hunks: &[DiffHunk]) -> Result<Option<String>, Refusal> {
    let hunks: Vec<DiffHunk> = hunks.iter().cloned().map(DiffHunk::without_repetitions).collect();
    let is_empty = |hunk: &&DiffHunk| hunk.lines.iter().all(|line| line.sign == Sign::Context);
    if let Some(empty) = hunks.iter().find(is_empty) {
        return Err(Refusal::EmptyHunk(empty.named()));
    }
    let hunks = &hunks;
    let DiffMatch::Applies(places) = read(lines, hunks)? else {
        return Ok(None);
    };
    let result = rewrite(lines, hunks, &places);
    match read(&TextLines::of(&result), hunks) {
        Ok(DiffMatch::Applies(_)) => Err(Refusal::Repeats),
        _ => Ok(Some(result)),
    }
}

fn read(lines: &TextLines, hunks: &[DiffHunk]) -> Result<DiffMatch, Refusal> {
    let sizes = hunks.iter().map(DiffHunk::sizes);
    let (old, new) = sizes.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let adds = new > old;
    for how in [Match::Stated, Match::Exact, Match::Loose] {
        for side in if adds {
            [Side::New, Side::Old]
        } else {
            [Side::Old, Side::New]
        } {
            match (places(lines, hunks, how, side), side) {
                (Ok(_), Side::New) if is_evidence(lines, hunks, how) => return Ok(DiffMatch::Applied),
                (Ok(found), Side::Old) => return Ok(DiffMatch::Applies(found)),
                _ => {}
            }
        }
    }
    // The exact search names the problem better, unless only blanks differ.
    let refusal = |how| places(lines, hunks, how, Side::Old).err();
    match refusal(Match::Loose) {
        Some(loose @ Refusal::Ambiguous(_)) => Err(refusal(Match::Exact)
            .filter(|exact| !matches!(exact, Refusal::NotFound(_)))
            .unwrap_or(loose)),
        Some(loose) => Err(loose),
        None => Err(Refusal::Repeats),
    }
}

/// Whether the new sides prove that a diff was applied. An empty new side fits everywhere, so it proves nothing alone.
fn is_evidence(lines: &TextLines, hunks: &[DiffHunk], how: Match) -> bool {
    let full = |hunk: &DiffHunk| hunk.side(Sign::Removed).next().is_some();
    lines.lines.is_empty()
        || match how {
            Match::Stated => hunks.iter().any(full),
            _ => hunks.iter().all(full),
        }
}

/// The hunks with each context line that lost its leading blank restored, as far as the text shows it; `None` if no
/// line lost its blank.
///
/// Of a line that begins with `-`, the text cannot show whether it is context or a removed line whose sign is missing.
/// It is context only if the counts of the hunk's header say so.
fn with_lost_blanks<'a>(hunks: &[DiffHunk<'a>], text: &TextLines) -> Result<Option<Vec<DiffHunk<'a>>>, Refusal> {
    let mut found = false;
    let mut restored = Vec::with_capacity(hunks.len());
    for hunk in hunks {
        let mut hunk = hunk.clone();
        let mut first_dash = None;
        for line in &mut hunk.lines {
            if line.sign == Sign::Added || line.raw == line.text || text.contains(line.text) || !text.contains(line.raw)
            {
                continue;
            }
            if line.sign == Sign::Removed {
                first_dash.get_or_insert(line.named());
            }
            (line.sign, line.text, found) = (Sign::Context, line.raw, true);
        }
        match first_dash {
            Some(line) if hunk.counts != Some(hunk.sizes()) => return Err(Refusal::LostSign(line)),
            _ => restored.push(hunk),
        }
    }
    Ok(found.then_some(restored))
}

fn rewrite(lines: &TextLines, hunks: &[DiffHunk], places: &[Place]) -> String {
    let mut result: Vec<(&str, &str)> = Vec::new();
    let mut position = 0;
    let mut open_end = None;
    for place in places {
        let hunk = &hunks[place.hunk];
        // Only the lines between the first and the last change: the context of two hunks may overlap.
        result.extend(&lines.lines[position..place.core.start]);
        position = place.core.start;
        let head = place.core.start - place.window.start;
        let tail = place.window.end - place.core.end;
        for line in &hunk.lines[head..hunk.lines.len() - tail] {
            match line.sign {
                Sign::Context => result.push(lines.lines[position]),
                Sign::Added => result.push((line.text, "")),
                Sign::Removed => {}
            }
            position += usize::from(line.sign != Sign::Added);
        }
        open_end = hunk.new_open.filter(|_| place.window.end == lines.lines.len());
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
