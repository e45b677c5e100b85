//! Finds the number that a text gives.
//!
//! It is the last number of the text. These digits are no number: those of a word (`H2O`), unless the text has no other;
//! exponents and roots (`cm^2`, `√2`); dates and versions with points (`1.2.3`).

use std::sync::LazyLock;

use regex::Regex;

use super::digits::decimal;
use super::quantity::{Decimal, Quantity};
use super::spelling::{plain, regex};

/// The signs and words of currencies that may stand directly before a number.
const CURRENCY_SIGNS: [char; 9] = ['$', '€', '£', '¥', '₹', '¢', '₩', '₽', '￥'];
const CURRENCY_WORDS: [&str; 14] = [
    "usd", "eur", "gbp", "jpy", "cny", "rmb", "inr", "chf", "cad", "aud", "sek", "nok", "rs", "rm",
];
/// The largest exponent that is read.
const LARGEST_EXPONENT: i64 = 1_000_000_000;

static RUN: LazyLock<Regex> = LazyLock::new(|| regex(r"\.?\d(?:[.,'_\u{a0}]?\d)*"));
static HEXADECIMAL: LazyLock<Regex> = LazyLock::new(|| regex(r"^[xX][0-9a-fA-F]+"));
static EXPONENT: LazyLock<Regex> = LazyLock::new(|| regex(r"^[eE]([-+]?\d+)"));
static SCIENTIFIC: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[\s\u{a0}]*[×xX*][\s\u{a0}]*10\s*(?:\^|\*\*)\s*[({]?\s*([-+]?\d+)(?:\s*[)}])?"));
static POWER: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*(?:\^\s*[({]?\s*|\*\*[({]?)([-+]?\d[\d.]*)(?:\s*[)}])?"));
static SLASH: LazyLock<Regex> = LazyLock::new(|| regex(r"^[ \u{a0}]*/[ \u{a0}]*(\d(?:[.,'_\u{a0}]?\d)*)"));
static SECOND_SLASH: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?:/\d+)+"));
static MIXED: LazyLock<Regex> = LazyLock::new(|| regex(r"^[ \u{a0}]+(\d{1,9})[ \u{a0}]*/[ \u{a0}]*(\d{1,9})"));

/// The last number of a text.
pub(super) fn last_number(text: &str) -> Option<Quantity> {
    let text = plain(text);
    let (mut of_its_own, mut in_a_word, mut at) = (None, None, 0);
    while let Some(run) = RUN.find_at(&text, at) {
        let found = NumberMatch::at(&text, run.start(), run.end());
        at = found.end;
        match found.in_a_word {
            true => in_a_word = found.value.or(in_a_word),
            false => of_its_own = found.value.or(of_its_own),
        }
    }
    of_its_own.or(in_a_word)
}

/// The number that a run of digits is part of.
struct NumberMatch {
    value: Option<Quantity>,
    end: usize,
    in_a_word: bool,
}

impl NumberMatch {
    fn at(text: &str, mut start: usize, end: usize) -> Self {
        // The point of `No.5` belongs to the word.
        let before = &text[..start];
        if text[start..].starts_with('.') && before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ')')) {
            start += 1;
        }
        let (before, run) = (&text[..start], &text[start..end]);
        let (value, length) = value(run, &text[end..]);
        let is_exponent = before.trim_end_matches(['{', '(', '-', '+', ' ']).ends_with('^') || follows_a_power(before);
        Self {
            value: value
                .filter(|_| !is_exponent)
                .map(|value| value.signed(is_negative(before))),
            end: end + length,
            in_a_word: is_in_a_word(before),
        }
    }
}

/// The number that begins with these digits, without its sign, and the length of what belongs to it after the digits.
fn value(run: &str, after: &str) -> (Option<Quantity>, usize) {
    let length = |pattern: &Regex| pattern.find(after).map_or(0, |found| found.end());
    if run == "0" && HEXADECIMAL.is_match(after) {
        return (None, length(&HEXADECIMAL));
    }
    for pattern in [&*EXPONENT, &*SCIENTIFIC] {
        let follows = &after[length(pattern)..];
        let ends = |_: &regex::Captures| !follows.starts_with(|c: char| c.is_alphanumeric());
        if let Some(found) = pattern.captures(after).filter(ends) {
            let scaled = decimal(run).zip(exponent(&found[1]));
            let value = scaled.map(|(value, exponent)| Quantity::decimal(value.shifted(exponent)));
            return (value, length(pattern));
        }
    }
    if let Some(power) = POWER.captures(after) {
        let exponent = exponent(&power[1]).filter(|_| run == "10");
        let value = exponent.map(|exponent| Quantity::decimal(Decimal::new("1", exponent)));
        return (value, length(&POWER));
    }
    quotient(run, after).unwrap_or_else(|| (decimal(run).map(Quantity::decimal), 0))
}

/// A fraction (`1/2`) or a mixed number (`1 1/2`); of a chain such as `12/25/2024` the last member.
fn quotient(run: &str, after: &str) -> Option<(Option<Quantity>, usize)> {
    if let Some(found) = SLASH.captures(after) {
        let end = found[0].len();
        if let Some(chain) = SECOND_SLASH.find(&after[end..]) {
            let last = chain.as_str().rsplit('/').next().and_then(decimal);
            return Some((last.map(Quantity::decimal), end + chain.end()));
        }
        return Some((Quantity::quotient(decimal(run)?, decimal(&found[1])?), end));
    }
    let found = MIXED.captures(after).filter(|_| run.len() <= 9)?;
    let [whole, above, below] = [run, &found[1], &found[2]].map(|part| part.parse::<u64>().ok());
    let (whole, above, below) = (whole?, above?, below?);
    let sum = Decimal::new(&(whole * below + above).to_string(), 0);
    (above < below).then(|| (Quantity::quotient(sum, Decimal::new(&found[2], 0)), found[0].len()))
}

fn exponent(text: &str) -> Option<i64> {
    let exponent = text.parse::<i64>().ok();
    exponent.filter(|exponent| exponent.abs() <= LARGEST_EXPONENT)
}

/// Whether a minus before the digits is their sign. After a digit, a letter or a closing bracket it is a hyphen or an
/// operator.
fn is_negative(before: &str) -> bool {
    let is_currency = |c: char| CURRENCY_SIGNS.contains(&c);
    let sign = before.trim_end_matches(is_currency).strip_suffix('-');
    sign.is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '%' | '°')))
}

/// Whether the digits follow a letter, as in `H2O`, or a letter and a hyphen, as in `COVID-19`. Scripts without upper
/// and lower case separate words otherwise.
fn is_in_a_word(before: &str) -> bool {
    let is_letter = |c: char| c.is_lowercase() || c.is_uppercase() || c == '_';
    let before = before.strip_suffix('-').unwrap_or(before);
    let word = before.len() - before.trim_end_matches(is_letter).len();
    word > 0 && !CURRENCY_WORDS.contains(&before[before.len() - word..].to_lowercase().as_str())
}

/// Whether the digits are the exponent of an expression such as `x**2`. Two asterisks after a blank are bold type.
fn follows_a_power(before: &str) -> bool {
    let base = before.strip_suffix("**");
    base.is_some_and(|base| base.ends_with(|c: char| c.is_ascii_alphanumeric() || c == ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str, number: &str) -> bool {
        let wanted = last_number(number).unwrap();
        last_number(text).is_some_and(|found| found.is(&wanted))
    }

    #[test]
    #[allow(clippy::too_many_lines)] // a table
    fn numbers_are_read_in_prose() {
        for (text, number) in [
            ("The sum is $1,234.50.", "1234.5"),
            ("It is .5", "0.5"),
            ("It is 5.", "5"),
            ("No.5", "5"),
            ("wait...5", "5"),
            ("The change is −3 degrees", "-3"),
            ("between 3–5", "5"),
            ("10 - 13 = -3", "-3"),
            ("- 5", "5"),
            ("-$5", "-5"),
            ("$-5", "-5"),
            ("(-3)", "-3"),
            ("**-3**", "-3"),
            ("So **42**.", "42"),
            ("#### 42", "42"),
            ("USD5", "5"),
            ("EUR 1.234,56", "1234.56"),
            ("答案是42。", "42"),
            ("1e3", "1000"),
            ("1.5×10^3", "1500"),
            ("1.5 x 10^{-3}", "0.0015"),
            ("6.02 * 10**23 particles", "602000000000000000000000"),
            ("10³", "1000"),
            ("25 cm^2", "25"),
            ("25 m²", "25"),
            ("40 kg of CO2", "40"),
            ("5 with x**2", "5"),
            ("7 for COVID-19", "7"),
            ("GPT-4", "4"),
            ("1/2", "0.5"),
            ("It is 1 1/2.", "1.5"),
            ("1½", "1.5"),
            ("-½", "-0.5"),
            ("-1/2", "-0.5"),
            ("\\boxed{\\frac{1}{2}} by step 3", "0.5"),
            ("12/25/2024", "2024"),
            ("version 1.2.3 scores 7, not version 1.2.4", "7"),
            ("0x1F is not 5, and 0x1F", "5"),
            ("7kg", "7"),
            ("20%", "20"),
            ("3rd", "3"),
            ("5 / 2", "2.5"),
            ("2^10 is 1024", "1024"),
            ("1024 is 2^10", "1024"),
        ] {
            assert!(is(text, number), "{text}");
        }
        for text in [
            "",
            "none",
            "NaN",
            "inf",
            "∞",
            "1/0",
            "1.2.3",
            "\\frac{\\pi}{2}x",
            "√2",
            "1e99999999999999",
        ] {
            assert!(last_number(text).is_none(), "{text}");
        }
    }

    #[test]
    fn hostile_text_is_read_in_time() {
        for text in [
            "1 ".repeat(200_000),
            "9".repeat(200_000),
            "1/".repeat(100_000),
            "{".repeat(100_000),
            "1,".repeat(100_000),
        ] {
            last_number(&text);
        }
    }
}
