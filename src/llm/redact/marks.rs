//! Marks: the text that replaces a redacted value, and how to find it.

use std::ops::Range;

/// The start of a mark.
pub(super) const START: &str = "[redacted:";

/// The maximum length of a kind's name in a mark.
const LONGEST: usize = 20;

/// The ranges of all marks, in order.
pub(crate) fn marks(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(START).filter_map(|(start, _)| {
        let name = &text.as_bytes()[start + START.len()..];
        let length = name
            .iter()
            .take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_')
            .count();
        let closed = name.get(length) == Some(&b']') && (1..=LONGEST).contains(&length);
        closed.then(|| start..start + START.len() + length + 1)
    })
}

/// Replaces every mark by `[redacted]`, because versions of kaizen differ in the names of kinds.
pub(crate) fn alike(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut copied = 0;
    for mark in marks(text) {
        output += &text[copied..mark.start];
        output += "[redacted]";
        copied = mark.end;
    }
    output + &text[copied..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_and_made_alike() {
        for (text, count, wanted) in [
            ("none", 0, "none"),
            ("[redacted:own]", 1, "[redacted]"),
            ("a [redacted:api_key]b[redacted:ip] c", 2, "a [redacted]b[redacted] c"),
            (
                "[redacted:] [redacted:UP] [redacted:open",
                0,
                "[redacted:] [redacted:UP] [redacted:open",
            ),
        ] {
            assert_eq!(marks(text).count(), count, "{text}");
            assert_eq!(alike(text), wanted);
        }
    }
}
