//! Finds numbers that are personal data, in one pass over the digits of a text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::number_forms::{Lead, NUMBERS, NumberForm};
use super::separator::{escaped, floor};
use crate::manifest::PersonalKind;
use crate::manifest::PersonalKind::IpAddress;

static FORMS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| NUMBERS.iter().map(|form| Regex::new(form.pattern).ok()).collect());

/// Finds numbers of persons, phones, cards and machines.
pub(super) fn numbers(text: &str, mut found: impl FnMut(Range<usize>, PersonalKind)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes[at..].iter().position(u8::is_ascii_digit) {
        let digit = at + offset;
        match number(text, digit, at).or_else(|| behind_letters(text, digit, at)) {
            Some((range, kind)) => {
                at = range.end.max(digit + 1);
                found(range, kind);
            }
            None => {
                at = digit
                    + bytes[digit..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_alphanumeric())
                        .count()
            }
        }
    }
    addresses(text, &mut found);
}

/// The number of digits within the reach of a form, counted up to seven.
fn enough(bytes: &[u8]) -> usize {
    let reach = bytes
        .iter()
        .take(40)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b" .-/()+".contains(byte) || !byte.is_ascii());
    reach.filter(|byte| byte.is_ascii_digit()).take(7).count()
}

/// The number at a first digit. It may start with letters, a bracket or a plus sign before the digit, but not before
/// `from`.
fn number(text: &str, digit: usize, from: usize) -> Option<(Range<usize>, PersonalKind)> {
    let bytes = text.as_bytes();
    let enough = enough(&bytes[digit..]);
    if enough < 4 {
        return None;
    }
    let letters = bytes[from..digit]
        .iter()
        .rev()
        .take(8)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let mut start = digit - letters;
    while letters == 0 && start > from && matches!(bytes[start - 1], b'(' | b'+') && digit - start < 2 {
        start -= 1;
    }
    let before = text[..start].chars().next_back().filter(|_| !escaped(text, start));
    let inside = before.is_some_and(|letter| {
        letter.is_alphanumeric()
            || "_#$/\\%&=@~".contains(letter) && letters == 0 && before != Some('=') && before != Some('/')
    });
    let fraction = before == Some('.')
        || before == Some('-') && text[..start - 1].ends_with(|letter: char| letter.is_alphanumeric());
    if inside || fraction {
        return None;
    }
    at_start(text, start, enough)
}

/// A number after two letters and a blank, as in British national insurance numbers.
fn behind_letters(text: &str, digit: usize, from: usize) -> Option<(Range<usize>, PersonalKind)> {
    let start = digit.checked_sub(3).filter(|start| *start >= from)?;
    let letters = &text.as_bytes()[start..digit];
    let apart = letters[2] == b' ' && letters[..2].iter().all(u8::is_ascii_uppercase);
    let bounded = !text.as_bytes()[..start].last().is_some_and(u8::is_ascii_alphanumeric);
    (apart && bounded).then(|| at_start(text, start, enough(&text.as_bytes()[digit..])))?
}

/// The first form that matches at a position that has `enough` digits after it.
fn at_start(text: &str, start: usize, enough: usize) -> Option<(Range<usize>, PersonalKind)> {
    let bytes = text.as_bytes();
    let window = &text[start..floor(text, start + 64)];
    let lead = match bytes[start] {
        b'0'..=b'9' => Lead::Digit,
        b'A'..=b'Z' => Lead::Letter,
        _ => Lead::Sign,
    };
    let matches = |(form, pattern): (&NumberForm, &Option<Regex>)| -> Option<(Range<usize>, PersonalKind)> {
        if form.least > enough || form.lead != lead && form.lead != Lead::Any {
            return None;
        }
        let datum = pattern.as_ref()?.captures(window).map(whole)?;
        let behind = &window[datum.end..];
        let goes_on = behind.starts_with(['-', '.', '_', '/'])
            && behind[1..].starts_with(|letter: char| letter.is_ascii_alphanumeric());
        ((form.check)(&window[datum.clone()]) && !goes_on && !is_version(text, start, form.kind))
            .then_some((start + datum.start..start + datum.end, form.kind))
    };
    NUMBERS.iter().zip(FORMS.iter()).find_map(matches)
}

fn whole(captures: Captures) -> Range<usize> {
    captures.get(1).or(captures.get(0)).map_or(0..0, |group| group.range())
}

/// Whether what looks like an IP address is a version number.
fn is_version(text: &str, start: usize, kind: PersonalKind) -> bool {
    let before = text[floor(text, start.saturating_sub(12))..start].to_ascii_lowercase();
    kind == IpAddress && (before.contains("version") || before.trim_end().ends_with(" v") || before.ends_with("=="))
}

static IPV6: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){2,6}(?::[0-9A-Fa-f]{1,4}){1,5}|(?:[0-9A-Fa-f]{1,4}:){1}(?::[0-9A-Fa-f]{1,4}){2,6}|fe80::[0-9A-Fa-f:]{1,40})").ok()
});

/// Finds IPv6 addresses by their colons.
fn addresses(text: &str, found: &mut impl FnMut(Range<usize>, PersonalKind)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(offset) = bytes[from..].iter().position(|byte| *byte == b':') {
        let colon = from + offset;
        let first = bytes[from..colon]
            .iter()
            .rev()
            .take(5)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let start = colon - first;
        from = colon + 1;
        let bounded = first > 0
            && first <= 4
            && !text[..start].ends_with(|letter: char| letter.is_alphanumeric() || letter == ':' || letter == '_');
        if !bounded {
            continue;
        }
        let window = &text[start..floor(text, start + 48)];
        let Some(address) = IPV6.as_ref().and_then(|pattern| pattern.find(window)) else {
            continue;
        };
        let behind = window[address.end()..].chars().next();
        let closed = !behind.is_some_and(|letter| letter.is_alphanumeric() || letter == ':' || letter == '_');
        let long = address.as_str().split(':').any(|part| part.len() >= 3);
        if closed && long {
            from = start + address.end();
            found(start..start + address.end(), IpAddress);
        }
    }
}

/// Whether every pattern compiles.
#[cfg(test)]
pub(super) fn compiles() -> bool {
    FORMS.iter().all(Option::is_some) && IPV6.is_some()
}
