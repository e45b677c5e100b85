//! The scan: one pass for all needles, and a closer examination of each hit.
//!
//! Each examination reads a bounded number of bytes, so the scan takes linear time. Private keys and long tokens are
//! exceptions, but no form is examined again within the text that they match.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

use super::command::PLACES;
use super::finding::{FindingKind, RedactFinding};
use super::format::FORMATS;
use super::provider::{FORMS, KeyForm};
use super::separator::{begins, floor};
use super::value::is_placeholder;
use super::{assignment, name, number, personal};

/// Number of bytes that the examination of a command reads.
const COMMAND: usize = 2048;

/// The needle of cookies, which marks a secret only in headers.
const COOKIE: &[&str] = &["cookie"];

/// All needles in one automaton, in the order forms, places, names, cookies, personal data; the numbers are the starts
/// of the groups.
struct Needles {
    machine: AhoCorasick,
    places: usize,
    names: usize,
    personal: usize,
}

static NEEDLES: LazyLock<Option<Needles>> = LazyLock::new(|| {
    let forms = FORMS.iter().chain(FORMATS).map(|form| form.needle);
    let places = PLACES.iter().map(|place| place.needle);
    let names = name::NEEDLES.iter().chain(COOKIE).copied();
    let all = forms.chain(places).chain(names).chain(personal::needles());
    let machine = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(all)
        .ok()?;
    let places = FORM_COUNT;
    let names = places + PLACES.len();
    Some(Needles {
        machine,
        places,
        names,
        personal: names + name::NEEDLES.len() + COOKIE.len(),
    })
});

static FORM_PATTERNS: [OnceLock<Option<Regex>>; FORM_COUNT] = [const { OnceLock::new() }; FORM_COUNT];
static PLACE_PATTERNS: [OnceLock<Option<Regex>>; PLACES.len()] = [const { OnceLock::new() }; PLACES.len()];

/// The number of providers' forms and general formats.
const FORM_COUNT: usize = FORMS.len() + FORMATS.len();

fn form(index: usize) -> &'static KeyForm {
    FORMS.get(index).unwrap_or_else(|| &FORMATS[index - FORMS.len()])
}

/// The pattern of a form, compiled on first use.
fn form_pattern(index: usize) -> Option<&'static Regex> {
    let form = form(index);
    let anchor = if form.before == 0 { "^" } else { "" };
    let compile = || Regex::new(&format!("{anchor}(?:{})", form.pattern)).ok();
    FORM_PATTERNS[index].get_or_init(compile).as_ref()
}

fn place_pattern(index: usize) -> Option<&'static Regex> {
    let compile = || Regex::new(&format!("(?i){}", PLACES[index].pattern)).ok();
    PLACE_PATTERNS[index].get_or_init(compile).as_ref()
}

/// Everything in a text that must be redacted; personal data only if `with_personal`.
pub(super) fn found(text: &str, with_personal: bool) -> Vec<RedactFinding> {
    let mut found = Vec::new();
    let Some(needles) = NEEDLES.as_ref() else { return found };
    let mut named = 0;
    let mut formed = 0;
    for hit in needles.machine.find_overlapping_iter(text) {
        let (index, range) = (hit.pattern().as_usize(), hit.range());
        if index < needles.places {
            if range.start >= formed
                && let Some(one) = of_form(text, index, range)
            {
                formed = one.range.end;
                found.push(one);
            }
        } else if index < needles.names {
            found.extend(of_place(text, index - needles.places, range.start));
        } else if index < needles.personal {
            if range.start >= named {
                named = named.max(assignment::look(text, range, &mut found));
            }
        } else if with_personal && let Some((range, kind)) = personal::look(text, index - needles.personal, range) {
            found.push(RedactFinding {
                range,
                kind: FindingKind::Personal(kind),
            });
        }
    }
    if with_personal {
        number::numbers(text, |range, kind| {
            found.push(RedactFinding {
                range,
                kind: FindingKind::Personal(kind),
            })
        });
    }
    found.extend(bot_tokens(text));
    found
}

fn of_form(text: &str, index: usize, hit: Range<usize>) -> Option<RedactFinding> {
    let form = form(index);
    let exact = form.pattern.starts_with("(?i)") || text[hit.clone()] == *form.needle;
    if !exact {
        return None;
    }
    let start = floor(text, hit.start.saturating_sub(form.before));
    let of_word = form.before == 0 && form.needle.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    if of_word && !begins(text, hit.start) {
        return None;
    }
    let end = if form.before == 0 {
        text.len()
    } else {
        floor(text, hit.end + 160)
    };
    let captures = form_pattern(index)?.captures(&text[start..end])?;
    let group = captures.get(1).or(captures.get(0))?;
    let value = group.as_str();
    let is_word = form.digit && !value.bytes().any(|byte| byte.is_ascii_digit());
    (!is_word).then_some(RedactFinding {
        range: start + group.start()..start + group.end(),
        kind: form.kind,
    })
}

fn of_place(text: &str, index: usize, at: usize) -> Option<RedactFinding> {
    if !begins(text, at)
        && PLACES[index]
            .needle
            .starts_with(|letter: char| letter.is_ascii_alphanumeric())
    {
        return None;
    }
    let window = &text[at..floor(text, at + COMMAND)];
    let group = place_pattern(index)?.captures(window)?.get(1)?;
    // `-print` in `find … -print` looks like a password after `-p`.
    let flag = ["rint", "rune", "ath", "erm"]
        .iter()
        .any(|end| group.as_str().starts_with(end));
    let example = group.as_str().split(':').all(is_placeholder);
    (!flag && !example).then_some(RedactFinding {
        range: at + group.start()..at + group.end(),
        kind: PLACES[index].kind,
    })
}

static BOT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:mfa\.[A-Za-z0-9_-]{20,}|[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}|[5KL][1-9A-HJ-NP-Za-km-z]{50,51})(?-u:\b)").ok()
});

/// Long words without a needle: tokens of Discord bots, keys of Bitcoin wallets.
fn bot_tokens(text: &str) -> impl Iterator<Item = RedactFinding> {
    let bytes = text.as_bytes();
    let of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            let length = bytes[start..].iter().take_while(|byte| of_word(byte)).count();
            at = start + length + 1;
            let word = &text.as_bytes()[start..start + length];
            if (50..=90).contains(&length) && matches!(word[0], b'M' | b'N' | b'O' | b'5' | b'K' | b'L' | b'm') {
                let found = BOT.as_ref().and_then(|bot| bot.find(&text[start..start + length]));
                if let Some(found) = found {
                    return Some(RedactFinding {
                        range: start..start + found.end(),
                        kind: FindingKind::ApiKey,
                    });
                }
            }
        }
        None
    })
}

/// Whether every pattern compiles.
#[cfg(test)]
pub(super) fn compiles() -> bool {
    let forms = (0..FORM_COUNT).all(|index| form_pattern(index).is_some());
    let places = (0..PLACES.len()).all(|index| place_pattern(index).is_some());
    NEEDLES.is_some() && BOT.is_some() && forms && places
}
