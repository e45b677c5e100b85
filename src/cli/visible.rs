//! Makes control characters and invisible characters visible in text that kaizen did not write.
//!
//! Text from teachers and traces may contain escape sequences that rewrite the screen, marks that reverse the order of
//! a line, and characters that a model reads but a person does not see. A reviewer must see that they are there.

use std::borrow::Cow;
use std::fmt::Write;

/// Replacement for a tab.
const TAB: &str = "    ";

/// Replaces control and invisible characters by visible symbols. Keeps newlines, and replaces tabs by spaces.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    match escaped(text) {
        shown if shown.contains('\t') => Cow::Owned(shown.replace('\t', TAB)),
        shown => shown,
    }
}

/// Like [`visible`], but keeps tabs.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if !steers(c) => shown.push(c),
            // Unicode has symbols for the first 32 control characters: ␀, ␛, ␍.
            '\0'..'\u{20}' => shown.extend(char::from_u32(0x2400 + c as u32)),
            '\u{7f}' => shown.push('\u{2421}'),
            _ => shown.push_str(&format!("<U+{:04X}>", c as u32)),
        }
    }
    Cow::Owned(shown)
}

/// Writes the same characters in JSON as `\uXXXX`. They occur only inside strings, where both forms are equivalent.
pub(crate) fn escaped_json(json: &str) -> Cow<'_, str> {
    if is_plain(json) || !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if !steers(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    Cow::Owned(shown)
}

/// Whether a text has printable ASCII characters, line ends and tabs only, as most have; this is quick to see.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'))
}

/// Whether a character is a control, a direction mark or invisible. Joiners and selectors that scripts and emoji need
/// are not included.
fn steers(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Soft hyphen, combining joiner, direction marks, blank fillers.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => true,
        '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' => true,
        // Line and paragraph separators, embeddings, overrides, isolates, invisible operators.
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}' => true,
        // Shorthand and music format controls, tags.
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_the_terminal_is_shown() {
        for (text, shown) in [
            ("\u{1b}[2J\u{1b}]0;title\u{7}", "␛[2J␛]0;title␇"),
            ("safe\rEVIL", "safe␍EVIL"),
            ("a\tb\nc", "a    b\nc"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("del\u{7f}\u{8}", "del␡␈"),
            ("abc\u{202e}fed", "abc<U+202E>fed"),
            ("line\u{2028}break", "line<U+2028>break"),
            ("hid\u{200b}den\u{e0041}\u{3164}", "hid<U+200B>den<U+E0041><U+3164>"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(visible(shown), shown, "twice is once");
        }
        assert_eq!(escaped("a\tb\u{7}"), "a\tb␇");
    }

    #[test]
    fn ordinary_text_of_any_script_is_borrowed() {
        for text in [
            "",
            "plain\nlines",
            "Grüße, 日本, שלום",
            "👩\u{200d}🚀 ❤\u{fe0f}",
            "─│→ „“",
        ] {
            assert!(matches!(visible(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn escaped_json_is_the_same_value(text in any::<String>(), pretty in any::<bool>()) {
            let value = serde_json::json!({ text.as_str(): [text] });
            let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let shown = escaped_json(&json);
            prop_assert!(!shown.contains(steers));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
