//! Extracts words, stems and features from text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The lower-case words of a text: runs of letters and digits, without apostrophes, so that `what's` becomes `whats`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace(['\'', '’'], "");
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A word without a common English ending, if at least three characters remain.
pub(crate) fn stem(word: &str) -> &str {
    [
        "ations", "ation", "ings", "ing", "ions", "ion", "ers", "er", "ors", "or", "es", "ed", "s", "e",
    ]
    .iter()
    .find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.chars().count() >= 3))
    .unwrap_or(word)
}

/// Words that are too common to characterise a text.
const STOP_WORDS: &str = "a about all an and any are as at be between by can could do does for from give has have how \
    i if in into is it its many me much my of on one or other out please so some tell than that the their them then \
    there this to tool two use used useful uses using was we what when where which will with would you your";

/// Whether a word is too common to characterise a text.
pub(crate) fn is_stop_word(word: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| STOP_WORDS.split(' ').collect());
    WORDS.contains(word)
}

/// The count of each feature: word n-grams up to length `ngrams`, and character n-grams of length `char_ngrams` (0:
/// none).
///
/// A feature is the 64-bit FNV-1a hash of its text, so that collisions are very unlikely.
pub(crate) fn features(text: &str, ngrams: usize, char_ngrams: usize) -> BTreeMap<u64, u32> {
    let words = words(text);
    let mut counts = BTreeMap::new();
    for length in 1..=ngrams {
        for window in words.windows(length) {
            *counts
                .entry(hash(length as u8, window.iter().map(String::as_str)))
                .or_default() += 1;
        }
    }
    if char_ngrams > 0 {
        count_characters(&words, char_ngrams, &mut counts);
    }
    counts
}

fn count_characters(words: &[String], length: usize, counts: &mut BTreeMap<u64, u32>) {
    for word in words {
        let padded: Vec<char> = format!(" {word} ").chars().collect();
        for window in padded.windows(length) {
            let piece: String = window.iter().collect();
            *counts.entry(hash(100, [piece.as_str()])).or_default() += 1;
        }
    }
}

fn hash<'w>(kind: u8, pieces: impl IntoIterator<Item = &'w str>) -> u64 {
    let mut state = step(0xcbf2_9ce4_8422_2325, kind);
    for piece in pieces {
        state = piece.bytes().fold(state, step);
        state = step(state, 0);
    }
    state
}

fn step(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fold_case_and_apostrophes() {
        assert_eq!(
            words("What's my Card-balance, 3.5?"),
            ["whats", "my", "card", "balance", "3", "5"]
        );
    }

    #[test]
    fn related_words_share_a_stem() {
        for (one, two) in [
            ("calculates", "calculator"),
            ("converts", "converter"),
            ("dates", "date"),
            ("adding", "add"),
        ] {
            assert_eq!(stem(one), stem(two), "{one} {two}");
        }
    }

    #[test]
    fn features_grow_with_each_kind() {
        for (ngrams, char_ngrams, expected) in [(1, 0, 2), (2, 0, 3), (3, 0, 3), (1, 3, 2 + 4)] {
            assert_eq!(
                features("ab cd ab", ngrams, char_ngrams).len(),
                expected + usize::from(ngrams > 1) * (ngrams - 1)
            );
        }
    }
}
