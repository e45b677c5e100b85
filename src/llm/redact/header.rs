//! Headers with credentials: `Authorization` with any scheme, and cookies.

use std::ops::Range;

use super::finding::FindingKind;
use super::separator::{self, NamePosition, NameValueLink};
use super::value::{has_digit, is_placeholder, is_random, is_word};

/// Schemes whose credentials are a list of parameters up to the end of the line.
const LISTS: &[&str] = &[
    "digest",
    "oauth",
    "signature",
    "hawk",
    "mac",
    "aws4-hmac-sha256",
    "sharedkey",
    "sharedaccesssignature",
];

/// The ranges to redact after the name of such a header; `None` if it is the name of another header.
pub(super) fn values(
    text: &str,
    name: &Range<usize>,
) -> Option<impl Iterator<Item = (Range<usize>, FindingKind)> + use<>> {
    let lower = text[name.clone()].to_ascii_lowercase();
    let is_cookie = lower.ends_with("cookie") || lower.ends_with("cookie2");
    if !is_cookie && !lower.ends_with("authorization") {
        return None;
    }
    let linked = separator::link(&text[name.end..], NamePosition::default());
    let start = linked
        .filter(|(link, _)| matches!(link, NameValueLink::Equals | NameValueLink::Colon))
        .map(|(_, offset)| name.end + offset);
    let found = start.and_then(|at| match is_cookie {
        true => cookie(text, at, lower.starts_with("set")).map(|range| (range, FindingKind::Cookie)),
        false => credentials(text, at).map(|range| (range, FindingKind::Token)),
    });
    Some(found.into_iter())
}

/// Whether a field has the name of a header whose whole value is secret.
pub(super) fn is_credential_field(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie", "set-cookie"].contains(&name.to_ascii_lowercase().as_str())
}

/// The rest of the line, up to the closing quote if it is quoted.
fn rest_of_line(text: &str, at: usize) -> Range<usize> {
    let slashes = text[at..].len() - text[at..].trim_start_matches('\\').len();
    let start = match text[at + slashes..].chars().next() {
        Some('"' | '\'' | '`') => at + slashes + 1,
        _ => at,
    };
    let outer = text[..at]
        .chars()
        .rev()
        .take(200)
        .take_while(|letter| *letter != '\n')
        .find(|letter| matches!(letter, '"' | '\'' | '`'));
    let opened = if start > at {
        text[..start].chars().next_back()
    } else {
        outer
    };
    let ends = |letter: char| letter == '\n' || letter == '\r' || Some(letter) == opened;
    let length = text[start..].find(ends).unwrap_or(text.len() - start);
    let value = text[start..start + length].trim_end_matches(['\\', ' ']);
    start..start + value.len()
}

fn credentials(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = rest_of_line(text, at);
    let said = &text[rest.clone()];
    let scheme = said.split(' ').next()?;
    let of_scheme = scheme.len() < said.len() && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let looks_random = is_random(scheme, 20);
    if !of_scheme || looks_random {
        let end = scheme.find(['"', '\'', ',', '<', '\\', '}']).unwrap_or(scheme.len());
        let credible = end >= 6 && (!is_word(&scheme[..end])) && !is_placeholder(&scheme[..end]);
        return credible.then_some(rest.start..rest.start + end);
    }
    let blanks = said[scheme.len()..].len() - said[scheme.len()..].trim_start().len();
    let start = rest.start + scheme.len() + blanks;
    let list = LISTS.contains(&scheme.to_ascii_lowercase().as_str()) && text[start..rest.end].contains('=');
    let token = text[start..rest.end].split([' ', '"', '\'', '<', '\\', '`']).next()?;
    let token = token.trim_end_matches([',', '.', ';']);
    let end = if list { rest.end } else { start + token.len() };
    let inner_capital = token.chars().skip(1).any(char::is_uppercase);
    let credible = token.len() >= 4 && (has_digit(token) || token.ends_with('=') || inner_capital || !is_word(token));
    (credible && !is_placeholder(token)).then_some(start..end)
}

fn cookie(text: &str, at: usize, set: bool) -> Option<Range<usize>> {
    let rest = rest_of_line(text, at);
    let said = &text[rest.clone()];
    let (name, value) = said.split_once('=')?;
    let named = !name.is_empty()
        && name.len() < 100
        && name
            .chars()
            .all(|letter| letter.is_ascii_graphic() && !"\"(),;:<>{}[]".contains(letter));
    let value_start = rest.start + name.len() + 1;
    let end = if set {
        value.find(';').map_or(rest.end, |end| value_start + end)
    } else {
        rest.end
    };
    let start = if set || said.find(';').is_none() {
        value_start
    } else {
        rest.start
    };
    (named && start < end && !is_placeholder(value.split(';').next()?)).then_some(start..end)
}
