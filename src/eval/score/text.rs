//! Compares texts without regard to case, white space, Unicode form and invisible characters.

use unicode_normalization::UnicodeNormalization;

/// A text in lower case and Unicode form NFC, without invisible characters, with every run of white space as one space.
///
/// Of the compatibility forms (NFKC), only presentation forms are replaced: ligatures and full-width letters look the same.
/// The others would equate texts that mean something else, such as `10²` and `102`.
pub(super) fn folded(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        match is_presentation(c) {
            true => visible.extend(std::iter::once(c).nfkc()),
            false => visible.push(c),
        }
    }
    let lower: String = visible.nfc().collect::<String>().to_lowercase().nfc().collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character is another form of one or two letters: a ligature, an Arabic form, a full-width or half-width form.
fn is_presentation(c: char) -> bool {
    matches!(c, '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{ff01}'..='\u{ffee}')
}

/// Whether a character has no width and no meaning of its own: joiners, marks of direction, the byte order mark, the
/// soft hyphen.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_look_alike_are_equal() {
        for (one, two) in [
            ("Caf\u{e9}", "cafe\u{301}"),
            ("Paris", "\u{feff}Pa\u{200b}ris\u{2060}"),
            ("a b", "\u{a0}A\u{2009}\u{3000}B\r\n"),
            ("co-op", "co\u{ad}-op"),
            ("office", "o\u{fb03}ce"),
            ("Paris", "\u{ff30}\u{ff41}ris"),
            ("\u{1e9b}\u{323}", "\u{17f}\u{323}\u{307}"),
        ] {
            assert_eq!(folded(one), folded(two));
        }
        for (one, two) in [("10²", "102"), ("½", "1/2"), ("a b", "ab"), ("Paris", "Ρaris")] {
            assert_ne!(folded(one), folded(two));
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC*") {
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
        }
    }
}
