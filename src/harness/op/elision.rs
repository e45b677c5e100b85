//! Recognises a line that stands for text that a model left out, such as `... (rest unchanged)`.

/// Words that describe the text that was left out.
const WORDS: [&str; 12] = [
    "existing",
    "rest",
    "remain",
    "unchanged",
    "same as",
    "omitted",
    "previous",
    "as before",
    "keep",
    "original",
    "continue",
    "other",
];

/// Whether a line stands for other lines: only three dots, or dots with words such as "rest unchanged".
pub(super) fn is_elision(line: &str) -> bool {
    let bare = line.trim().trim_start_matches("<!--").trim_end_matches("-->");
    let bare = bare.trim_matches(|c: char| c.is_whitespace() || "#/*[](){}<>-".contains(c));
    let dots = |text: &str| text.starts_with("...") || text.starts_with('…');
    let ends = |text: &str| text.ends_with("...") || text.ends_with('…');
    let words = bare.trim_matches(|c: char| c == '.' || c == '…' || c.is_whitespace());
    if !dots(bare) && !ends(bare) {
        return false;
    }
    let lower = words.to_lowercase();
    let is_named = WORDS.iter().any(|word| lower.contains(word));
    let is_remark = dots(bare) && words.split_whitespace().count() <= 12;
    words.is_empty() || is_remark && is_named
}

#[cfg(test)]
mod tests {
    use super::is_elision;

    #[test]
    fn only_lines_that_stand_for_others_are_elisions() {
        for line in [
            "...",
            " … ",
            "[...]",
            "# ... existing rules ...",
            "<!-- ... rest of the prompt unchanged ... -->",
            "... (rest unchanged)",
            "... (the other rules remain)",
        ] {
            assert!(is_elision(line), "{line}");
        }
        for line in [
            "",
            "Wait...",
            "... and then say please",
            "Say \"...\" if unsure",
            "Keep the existing rules.",
            "---",
            "Loading the rest of the page...",
        ] {
            assert!(!is_elision(line), "{line}");
        }
    }
}
