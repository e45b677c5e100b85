//! Rewrites the many spellings of numbers (other scripts, typographic signs, LaTeX) as plain ASCII.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::digits::GROUP_BLANK;
use super::text::is_invisible;

/// The first digit of each script whose ten digits follow each other and occur in prose.
const ZEROS: [char; 20] = [
    '０', '٠', '۰', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '𝟎', '𝟬',
];
const SUPERSCRIPTS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/// Vulgar fractions.
const FRACTIONS: [(char, &str); 18] = [
    ('½', "1/2"),
    ('⅓', "1/3"),
    ('⅔', "2/3"),
    ('¼', "1/4"),
    ('¾', "3/4"),
    ('⅕', "1/5"),
    ('⅖', "2/5"),
    ('⅗', "3/5"),
    ('⅘', "4/5"),
    ('⅙', "1/6"),
    ('⅚', "5/6"),
    ('⅛', "1/8"),
    ('⅜', "3/8"),
    ('⅝', "5/8"),
    ('⅞', "7/8"),
    ('⅐', "1/7"),
    ('⅑', "1/9"),
    ('⅒', "1/10"),
];
/// Stands for something that is not a number although it contains digits.
const NOT_A_NUMBER: &str = "\u{fffc}";

pub(super) fn regex(pattern: &str) -> Regex {
    // Every pattern is a constant, and a test compiles all of them.
    #[allow(clippy::unwrap_used)]
    Regex::new(pattern).unwrap()
}

static BOX: LazyLock<Regex> = LazyLock::new(|| regex(r"\\f?boxed\s*\{"));
static QUOTIENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\\[cdt]?frac\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}|(\d)\s*(\d)|\{?)")
});
static ROOT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\\sqrt\s*(?:\[[^\]]*\])?\s*(?:\{[^{}]*\}|\d)|√\s*[\d.]+)"));
static DEGREE: LazyLock<Regex> = LazyLock::new(|| regex(r"\^\s*\{?\s*\\circ\s*\}?"));
static PLAIN: LazyLock<Regex> = LazyLock::new(|| regex(r"^[-+]?[\d.,'_\u{a0}]+$"));
static SPACED: LazyLock<Regex> = LazyLock::new(|| regex(r"^[^\d]*\d{1,3}(?: \d{3})+(?:[.,]\d+)?[^\d]*$"));

/// The text with every number in ASCII: one sign `-`, `^` before exponents, `/` in fractions, [`GROUP_BLANK`] between
/// thousands. If the text has a LaTeX box, only the content of the last one.
pub(super) fn plain(text: &str) -> String {
    let ascii = characters(boxed(text).unwrap_or(text));
    let text = match ascii.contains(['\\', '√', '{']) {
        true => without_latex(&ascii),
        false => ascii,
    };
    // An ordinary blank separates thousands only if these are all digits of the text.
    match SPACED.is_match(&text) {
        true => between_digits(&text),
        false => text,
    }
}

/// The content of the last `\boxed{…}`.
fn boxed(text: &str) -> Option<&str> {
    let start = BOX.find_iter(text).last()?.end();
    let mut depth = 1;
    for (at, c) in text[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&text[start..start + at]);
        }
    }
    Some(&text[start..])
}

fn characters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut raised = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        let is_raised = SUPERSCRIPTS.contains(c) || matches!(c, '⁻' | '⁺');
        if is_raised && !raised {
            plain.push('^');
        }
        raised = is_raised;
        if let Some((_, fraction)) = FRACTIONS.iter().find(|(sign, _)| *sign == c) {
            if plain.ends_with(|c: char| c.is_ascii_digit()) {
                plain.push(' ');
            }
            plain.push_str(fraction);
        } else {
            plain.push(character(c));
        }
    }
    plain
}

fn character(c: char) -> char {
    let digit = |zero: char| u32::from(c).checked_sub(u32::from(zero)).filter(|digit| *digit < 10);
    if c.is_ascii() {
        return match c {
            '\t' | '\r' => ' ',
            _ => c,
        };
    }
    if let Some(digit) = ZEROS.iter().find_map(|zero| digit(*zero)) {
        return char::from(b'0' + digit as u8);
    }
    if let Some(at) = SUPERSCRIPTS.chars().position(|raised| raised == c) {
        return char::from(b'0' + at as u8);
    }
    match c {
        '−' | '–' | '—' | '‒' | '―' | '‐' | '‑' | '﹣' | '－' | '⁻' => '-',
        '＋' | '⁺' => '+',
        '．' | '٫' => '.',
        '，' | '٬' => ',',
        '⁄' | '∕' | '／' => '/',
        '’' | '‘' | 'ʼ' | '＇' => '\'',
        '⋅' | '·' | '✕' | '∙' | '＊' => '×',
        '＾' => '^',
        '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{a0}' => GROUP_BLANK,
        '\u{3000}' => ' ',
        _ => c,
    }
}

fn without_latex(text: &str) -> String {
    let mut text = text.replace("{,}", ",");
    for (command, plain) in [
        ("\\times", "×"),
        ("\\cdot", "×"),
        ("\\,", "\u{a0}"),
        ("\\;", "\u{a0}"),
        ("\\:", "\u{a0}"),
        ("\\ ", "\u{a0}"),
        ("\\!", ""),
        ("\\%", "%"),
        ("\\$", "$"),
        ("\\left", ""),
        ("\\right", ""),
    ] {
        text = text.replace(command, plain);
    }
    let text = ROOT.replace_all(&text, NOT_A_NUMBER);
    let text = DEGREE.replace_all(&text, "°");
    QUOTIENT
        .replace_all(&text, |found: &Captures| quotient(&text, found))
        .into_owned()
}

/// A LaTeX fraction as `1/2`, with a blank after a whole number.
fn quotient(text: &str, found: &Captures) -> String {
    let part = |brace: usize, bare: usize| {
        let part = found.get(brace).or_else(|| found.get(bare));
        part.map(|part| part.as_str().trim())
            .filter(|part| PLAIN.is_match(part))
    };
    let (Some(above), Some(below)) = (part(1, 3), part(2, 4)) else {
        return NOT_A_NUMBER.to_owned();
    };
    let start = found.get(0).map_or(0, |whole| whole.start());
    let blank = if text[..start].ends_with(|c: char| c.is_ascii_digit()) {
        " "
    } else {
        ""
    };
    format!("{blank}{above}/{below}")
}

fn between_digits(text: &str) -> String {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let characters: Vec<char> = text.chars().collect();
    let grouped = characters.iter().enumerate().map(|(at, c)| {
        let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
        match *c == ' ' && is_digit(before) && is_digit(characters.get(at + 1).copied()) {
            true => GROUP_BLANK,
            false => *c,
        }
    });
    grouped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_become_ascii() {
        for (text, expected) in [
            ("−３．５", "-3.5"),
            ("٣٫٥", "3.5"),
            ("1½ and ¾", "1 1/2 and 3/4"),
            ("1.5·10⁻³ m²", "1.5×10^-3 m^2"),
            ("1 234\u{202f}567", "1 234\u{a0}567"),
            ("about 1 234 567 km", "about 1\u{a0}234\u{a0}567 km"),
            ("so \\boxed{\\text{x} = {42}} (step 3)", "\\text{x} = {42}"),
            ("$-\\dfrac{1}{2}$", "$-1/2$"),
            ("1\\frac12", "1 1/2"),
            ("\\frac{\\pi}{2}", "\u{fffc}"),
            ("\\frac{x^{2}}{2} and \\frac{1}{\\sqrt{2}}", "\u{fffc} and \u{fffc}"),
            ("2\\sqrt{3}", "2\u{fffc}"),
            ("1{,}234 \\times 10^{3}", "1,234 × 10^{3}"),
            ("90^{\\circ}", "90°"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
