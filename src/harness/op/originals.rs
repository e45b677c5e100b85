//! Replaces the `[redacted:…]` marks that a teacher copied from a redacted file by the original values.

use std::collections::BTreeSet;
use std::ops::Range;

use super::inapplicable::Inapplicable;
use crate::llm::redact::{FindingKind, Redactor, marks};
use crate::manifest::PersonalKind;

/// A line of a file as the teacher saw it, and in the original.
struct RedactedLine<'a> {
    seen: String,
    original: &'a str,
}

/// Replaces each mark in a text by its original value in `file`, the current text at the edit's location.
///
/// A line that equals a line of the redacted file becomes the original line. In any other line, a mark becomes the only
/// value of its kind in the file. `diff` says that each line begins with a sign.
///
/// # Errors
/// The file has several values that a mark may mean, or none.
pub(super) fn restored(text: &str, file: &str, diff: bool) -> Result<String, Inapplicable> {
    // Redaction only leaves marks and the replacement of home folders, so a text without them needs no change.
    if marks(text).next().is_none() && !text.contains(&FindingKind::Personal(PersonalKind::HomeFolder).replacement()) {
        return Ok(text.to_owned());
    }
    let places = Redactor::default().places(file);
    let lines = seen(file, &places);
    let restore = |line: &str| -> Result<String, Inapplicable> {
        let sign = if diff && !line.starts_with("---") && !line.starts_with("+++") {
            line.len().min(1)
        } else {
            0
        };
        let sign = if line.is_char_boundary(sign) { sign } else { 0 };
        Ok(line[..sign].to_owned()
            + &whole_line(&line[sign..], &lines).map_or_else(|| by_kind(&line[sign..], file, &places), Ok)?)
    };
    let restored: Result<Vec<String>, Inapplicable> = text.split('\n').map(restore).collect();
    Ok(restored?.join("\n"))
}

/// The original of a line that the teacher saw; `None` if no original fits, or several different ones do.
fn whole_line(line: &str, lines: &[RedactedLine]) -> Option<String> {
    let (bare, end) = line.strip_suffix('\r').map_or((line, ""), |bare| (bare, "\r"));
    let mut meant: BTreeSet<&str> = BTreeSet::new();
    for one in lines.iter().filter(|one| one.seen.trim_end_matches('\r') == bare) {
        meant.insert(one.original.trim_end_matches('\r'));
    }
    let original = meant.pop_first().filter(|_| meant.is_empty())?;
    Some(original.to_owned() + end)
}

/// The line with each mark replaced by the only value of its kind in the file.
fn by_kind(line: &str, file: &str, places: &[(Range<usize>, FindingKind)]) -> Result<String, Inapplicable> {
    let mut output = String::new();
    let mut copied = 0;
    for mark in marks(line) {
        let text = &line[mark.clone()];
        let of_kind = places
            .iter()
            .filter(|(_, kind)| text == format!("[redacted:{}]", kind.name()));
        let values: BTreeSet<&str> = of_kind.map(|(range, _)| &file[range.clone()]).collect();
        // The file may contain the mark itself, for example in documentation.
        let literal = file.contains(text);
        let value = match (values.len(), literal) {
            (1, false) => values.first().copied().unwrap_or_default(),
            (0, true) => text,
            (values, _) => return Err(uncertain(text, values)),
        };
        output += &line[copied..mark.start];
        output += value;
        copied = mark.end;
    }
    Ok(output + &line[copied..])
}

fn uncertain(mark: &str, values: usize) -> Inapplicable {
    Inapplicable::Mark {
        mark: mark.to_owned(),
        problem: match values {
            0 => "the file has no such value there",
            _ => "the file has several such values",
        },
    }
}

/// The lines of the redacted file, each with its original.
fn seen<'a>(file: &'a str, places: &[(Range<usize>, FindingKind)]) -> Vec<RedactedLine<'a>> {
    let mut lines = Vec::new();
    let (mut start, mut line, mut at) = (0, String::new(), 0);
    let ends = [(file.len()..file.len(), None)];
    for (range, kind) in places
        .iter()
        .map(|(range, kind)| (range.clone(), Some(*kind)))
        .chain(ends)
    {
        for piece in file[at..range.start].split_inclusive('\n') {
            at += piece.len();
            line += piece.trim_end_matches('\n');
            if piece.ends_with('\n') {
                lines.push(RedactedLine {
                    seen: std::mem::take(&mut line),
                    original: &file[start..at - 1],
                });
                start = at;
            }
        }
        if let Some(kind) = kind {
            line += &kind.replacement();
        }
        at = range.end;
    }
    lines.push(RedactedLine {
        seen: line,
        original: &file[start..],
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two keys, assembled at run time so that no source line looks like a leaked key.
    fn key(letter: &str) -> String {
        format!("ghp_{}", format!("{letter}1b2c3d4e5").repeat(3))
    }

    #[test]
    fn a_mark_stands_for_the_one_value_at_its_place() {
        let (one, two) = (key("a"), key("z"));
        let file = format!("Call it with {one}.\nMail ada@example.org.\nUse {two} there.\nSee /home/ada/x.");
        for (text, wanted) in [
            ("Call it with [redacted:api_key].", Some(format!("Call it with {one}."))),
            (
                "New.\nUse [redacted:api_key] there.\r\n",
                Some(format!("New.\nUse {two} there.\r\n")),
            ),
            (
                "Write to [redacted:email] now.",
                Some("Write to ada@example.org now.".to_owned()),
            ),
            ("See ~/x.", Some("See /home/ada/x.".to_owned())),
            ("Always use [redacted:api_key].", None),
            ("A [redacted:iban].", None),
            ("A [redacted:own].", None),
            (
                "No mark at all, ~ neither.",
                Some("No mark at all, ~ neither.".to_owned()),
            ),
        ] {
            assert_eq!(restored(text, &file, false).ok(), wanted, "{text}");
        }
        let diff = "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-Call it with [redacted:api_key].\n+Write to [redacted:email].\n Use [redacted:api_key] there.\n";
        let wanted = format!(
            "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-Call it with {one}.\n+Write to ada@example.org.\n Use {two} there.\n"
        );
        assert_eq!(restored(diff, &file, true).unwrap(), wanted);
    }

    #[test]
    fn a_key_of_many_lines_is_one_mark() {
        let armour = |word: &str| format!("-----{word} PRIVATE KEY-----");
        let file = format!("Sign with\n{}\nabc\n{}\nalways.", armour("BEGIN"), armour("END"));
        let text = "Sign with\n[redacted:private_key]\nnever.";
        assert_eq!(restored(text, &file, false).unwrap(), file.replace("always", "never"));
    }
}
