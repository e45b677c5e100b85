//! Visible: text from elsewhere as a terminal may print it, with all that would steer the terminal or hide shown instead.
//!
//! A teacher's words and a trace's bytes may hold escape sequences that rewrite the screen, marks that reverse the order
//! of a line, and characters that no reader sees but a model reads. A reviewer must see that they are there.

use std::borrow::Cow;

/// Columns of a tab.
const TAB: &str = "    ";

/// The text with control and invisible characters replaced by signs; newlines stay, and a tab becomes spaces.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c == '\n' || !steers(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push(c),
            '\t' => shown.push_str(TAB),
            _ if !steers(c) => shown.push(c),
            // The pictures of the first 32 control characters: ␀, ␛, ␍.
            '\0'..'\u{20}' => shown.extend(char::from_u32(0x2400 + c as u32)),
            '\u{7f}' => shown.push('\u{2421}'),
            _ => shown.push_str(&format!("<U+{:04X}>", c as u32)),
        }
    }
    Cow::Owned(shown)
}

/// Control characters, marks of direction, and characters without a shape. The joiners that scripts and emoji need stay.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{feff}'
        )
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
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
            ("hid\u{200b}den\u{e0041}", "hid<U+200B>den<U+E0041>"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(visible(shown), shown, "twice is once");
        }
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
}
