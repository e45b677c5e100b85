//! A user's own patterns: matches become `[redacted:own]`; existing marks are not matched.

use std::ops::Range;

use regex::Regex;

use super::marks::marks;

/// The replacement of a match.
const MARK: &str = "[redacted:own]";

/// Replaces matches by marks; `None` if there are no matches.
///
/// A match that partly overlaps a mark swallows it; a match inside a mark is ignored. So each replacement leaves less
/// unmarked text, and a pattern such as `own` never matches its own output.
pub(super) fn marked(pattern: &Regex, text: &str) -> Option<String> {
    pattern.find(text)?;
    let marks: Vec<Range<usize>> = marks(text).collect();
    let mut output = String::new();
    let mut copied = 0;
    for found in pattern.find_iter(text) {
        // The last match may have swallowed a mark that overlaps this match.
        let range = copied.max(found.start())..found.end();
        if let Some(range) = widened(range, &marks) {
            output += &text[copied..range.start];
            output += MARK;
            copied = range.end;
        }
    }
    output += &text[copied..];
    (copied > 0).then_some(output)
}

/// The match, extended by the marks that it overlaps; `None` if it contains nothing else.
fn widened(found: Range<usize>, marks: &[Range<usize>]) -> Option<Range<usize>> {
    let first = marks.partition_point(|mark| mark.end <= found.start);
    let touched = marks[first..].iter().take_while(|mark| mark.start < found.end);
    let mut range = found.clone();
    let mut inside = 0;
    for mark in touched {
        inside += mark.end.min(found.end) - mark.start.max(found.start);
        range = range.start.min(mark.start)..range.end.max(mark.end);
    }
    (found.start < found.end && inside < found.len()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_not_matched_again() {
        for (pattern, text, wanted) in [
            ("own", "[redacted:own]", None),
            (".+", "[redacted:email][redacted:own]", None),
            (".+", "a [redacted:email] b", Some("[redacted:own]")),
            ("l. x", "[redacted:email] x y", Some("[redacted:own] y")),
            ("x .r", "y x [redacted:email]", Some("y [redacted:own]")),
            // The second match starts in a mark that the first one swallowed.
            (
                "x.|[a-z]\\]y",
                "x[redacted:own]y z",
                Some("[redacted:own][redacted:own] z"),
            ),
            ("é", "né", Some("n[redacted:own]")),
            ("x", "a", None),
        ] {
            let found = marked(&Regex::new(pattern).unwrap(), text);
            assert_eq!(found.as_deref(), wanted, "{pattern} in {text}");
        }
    }
}
