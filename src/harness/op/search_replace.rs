//! Reads search/replace blocks, which some models write instead of a diff.

use super::diff_hunk::{DiffHunk, HunkLine, Sign};
use super::diff_hunks::ParsedDiff;
use super::diff_refusal::Refusal;

/// Whether a line begins a block: `<<<<<<< SEARCH`.
pub(super) fn is_head(line: &str) -> bool {
    let rest = line.trim_start_matches('<');
    (5..=9).contains(&(line.len() - rest.len())) && matches!(rest.trim(), "SEARCH" | "ORIGINAL")
}

fn is_divider(line: &str) -> bool {
    (5..=9).contains(&line.trim_end().len()) && line.trim_end().bytes().all(|byte| byte == b'=')
}

fn is_end(line: &str) -> bool {
    let rest = line.trim_start_matches('>');
    (5..=9).contains(&(line.len() - rest.len())) && matches!(rest.trim(), "REPLACE" | "UPDATED")
}

/// Reads all blocks. Lines outside of blocks are prose, fences or file names.
pub(super) fn parse<'a>(lines: &[&'a str]) -> Result<ParsedDiff<'a>, Refusal> {
    let (mut hunks, mut at) = (Vec::new(), 0);
    while let Some(head) = (at..lines.len()).find(|at| is_head(lines[*at])) {
        let header = line(lines, head, Sign::Context);
        let find = |from: usize, is: fn(&str) -> bool| {
            let found = (from..lines.len()).find(|at| is(lines[*at]) || is_head(lines[*at]));
            found
                .filter(|at| is(lines[*at]))
                .ok_or_else(|| Refusal::BadBlock(header.named()))
        };
        let divider = find(head + 1, is_divider)?;
        let end = find(divider + 1, is_end)?;
        // A second divider could be a line of either text.
        if (divider + 1..end).any(|at| is_divider(lines[at])) {
            return Err(Refusal::BadBlock(header.named()));
        }
        hunks.push(DiffHunk {
            header: Some(header),
            lines: changes(lines, head + 1..divider, divider + 1..end),
            ..DiffHunk::default()
        });
        at = end + 1;
    }
    Ok(ParsedDiff {
        hunks,
        names: Vec::new(),
    })
}

fn line<'a>(lines: &[&'a str], at: usize, sign: Sign) -> HunkLine<'a> {
    HunkLine {
        sign,
        text: lines[at],
        raw: lines[at],
        number: at + 1,
    }
}

/// The common lines at both ends as context, and the lines between as removed and added.
fn changes<'a>(lines: &[&'a str], old: std::ops::Range<usize>, new: std::ops::Range<usize>) -> Vec<HunkLine<'a>> {
    let head = old
        .clone()
        .zip(new.clone())
        .take_while(|(a, b)| lines[*a] == lines[*b])
        .count();
    let room = old.len().min(new.len()) - head;
    let ends = old.clone().rev().zip(new.clone().rev()).take(room);
    let tail = ends.take_while(|(a, b)| lines[*a] == lines[*b]).count();
    let mut changes = Vec::new();
    let mut push = |range: std::ops::Range<usize>, sign| changes.extend(range.map(|at| line(lines, at, sign)));
    push(old.start..old.start + head, Sign::Context);
    push(old.start + head..old.end - tail, Sign::Removed);
    push(new.start + head..new.end - tail, Sign::Added);
    push(old.end - tail..old.end, Sign::Context);
    changes
}
