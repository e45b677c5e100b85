//! The lines of a diff that are not a part of a hunk: headers of files and hunks, and fences.

use crate::artifact::diagnosis;

/// Whether a fence line closes the fence around the diff. It may also be a line of the file that lost its leading blank:
/// then lines with signs and a further fence follow, before the next header or block, or the next header follows without
/// a fence.
pub(super) fn closes_here(lines: &[&str], open: &str) -> bool {
    let is_close = |line: &&str| fence(line).is_some_and(|close| closes(line, close, open));
    let begins_another = |line: &&str| line.starts_with("@@") || fence(line).is_some() && !is_close(line);
    let rest = &lines[1..];
    let next = rest.iter().position(begins_another);
    let in_hunk = next.is_some_and(|at| rest[at].starts_with("@@"));
    let rest = &rest[..next.unwrap_or(rest.len())];
    let last = rest.iter().rposition(is_close);
    if in_hunk && last.is_none() {
        return false;
    }
    let last = last.unwrap_or_default();
    is_close(&lines[0]) && !rest[..last].iter().any(|line| line.starts_with(['+', '-']))
}

pub(super) fn is_whole_file(line: &str) -> bool {
    let starts = [
        "*** Add File: ",
        "*** Delete File: ",
        "*** Move to: ",
        "rename from ",
        "rename to ",
        "deleted file mode ",
    ];
    starts.iter().any(|start| line.starts_with(start))
}

/// The fence that a line begins with, without a blank before it: such a line is context.
pub(super) fn fence(line: &str) -> Option<&str> {
    diagnosis::fence(line).filter(|run| line.starts_with(run))
}

pub(super) fn closes(line: &str, close: &str, open: &str) -> bool {
    close.starts_with(open) && line.trim_end() == close
}

pub(super) fn is_file_header(lines: &[&str]) -> bool {
    matches!(lines, [old, new, ..] if old.starts_with("--- ") && new.starts_with("+++ "))
}

/// The name in a file header, without `a/` or `b/` and the time.
pub(super) fn name(line: &str) -> &str {
    let name = line[4..].split('\t').next().unwrap_or_default().trim();
    name.strip_prefix("a/").or(name.strip_prefix("b/")).unwrap_or(name)
}

/// The start and the count of both sides, as a hunk header states them.
#[derive(Clone, Copy)]
pub(super) struct HeaderNumbers {
    pub old: (usize, usize),
    pub new: (usize, usize),
}

pub(super) enum Header<'a> {
    Numbers(HeaderNumbers),
    /// `@@`, `@@ @@` or `@@ ... @@`.
    Bare,
    /// `@@ text`: the hunk is after a line with this text.
    Anchor(&'a str),
}

pub(super) fn header_of(line: &str) -> Option<Header<'_>> {
    let rest = line.strip_prefix("@@").filter(|rest| !rest.starts_with('@'))?;
    let (inner, _) = rest.split_once("@@").unwrap_or((rest, ""));
    let inner = inner.trim();
    if let Some(numbers) = numbers(inner) {
        return Some(Header::Numbers(numbers));
    }
    match inner.trim_matches(['.', '…', ' ']) {
        "" => Some(Header::Bare),
        _ => Some(Header::Anchor(inner)),
    }
}

fn numbers(inner: &str) -> Option<HeaderNumbers> {
    let (old, new) = inner.strip_prefix('-')?.split_once('+')?;
    Some(HeaderNumbers {
        old: range(old.trim())?,
        new: range(new.trim())?,
    })
}

fn range(text: &str) -> Option<(usize, usize)> {
    let number = |digits: &str| digits.parse::<u32>().ok().map(|number| number as usize);
    match text.split_once(',') {
        Some((start, count)) => Some((number(start)?, number(count)?)),
        None => Some((number(text)?, 1)),
    }
}
