//! Finds JSON values in prose: the whole text, every code fence, then every balanced value.

use serde::Deserialize;
use serde_json::Value;

/// Number of brackets without a JSON value after which the search stops; bounds the cost of hostile text.
pub(crate) const MAX_FALSE_STARTS: usize = 2_000;

/// Every JSON value in a text, in the order in which they should be tried. Never fails; nesting is limited by the
/// parser (128).
pub(crate) fn find(text: &str) -> Vec<Value> {
    let text = python_constants(text);
    if let Ok(value) = serde_json::from_str(&text) {
        return vec![value];
    }
    let mut values: Vec<Value> = fences(&text)
        .filter_map(|fence| serde_json::from_str(fence).ok())
        .collect();
    values.extend(balanced::<Value>(&text));
    values
}

/// The contents of code fences, without the opening line.
fn fences(text: &str) -> impl Iterator<Item = &str> {
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|fence| fence.split_once('\n').map(|(_, body)| body))
}

/// Every top-level array or object in the text.
pub(crate) fn balanced<'t, T: Deserialize<'t>>(text: &'t str) -> Vec<T> {
    let (mut values, mut at, mut false_starts) = (Vec::new(), 0, 0);
    while let Some(start) = text[at..].find(['[', '{']).map(|offset| at + offset) {
        let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<T>();
        match stream.next() {
            Some(Ok(value)) => {
                values.push(value);
                at = start + stream.byte_offset().max(1);
            }
            Some(Err(error)) if error.is_eof() => return values,
            _ if false_starts >= MAX_FALSE_STARTS => break,
            _ => (at, false_starts) = (start + 1, false_starts + 1),
        }
    }
    values
}

/// Repairs text that some programs write: outside strings, `NaN` becomes null and `Infinity` a huge number; in strings,
/// lone surrogate escapes become the replacement character. One bad number must not invalidate the whole reply.
pub(crate) fn python_constants(text: &str) -> String {
    const WORDS: [(&str, &str); 2] = [("NaN", "null"), ("Infinity", "1e308")];
    let (mut clean, mut rest, mut quoted) = (String::with_capacity(text.len()), text, false);
    while let Some(next) = rest.chars().next() {
        let (piece, length) = match next {
            '\\' if quoted => escape(rest),
            _ if !quoted => match WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                Some((word, value)) => (*value, word.len()),
                None => (&rest[..next.len_utf8()], next.len_utf8()),
            },
            _ => (&rest[..next.len_utf8()], next.len_utf8()),
        };
        quoted ^= next == '"';
        clean.push_str(piece);
        rest = &rest[length..];
    }
    clean
}

/// Replaces lone surrogate escapes by the replacement character. Programs whose texts are UTF-16 write them.
pub(crate) fn without_lone_surrogates(text: &str) -> String {
    let (mut clean, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find('\\') {
        let (piece, length) = escape(&rest[start..]);
        clean.push_str(&rest[..start]);
        clean.push_str(piece);
        rest = &rest[start + length..];
    }
    clean + rest
}

/// The escape sequence at the start of `rest`, repaired, and its length in bytes.
fn escape(rest: &str) -> (&str, usize) {
    match (unit(rest), rest.get(6..).and_then(unit)) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (&rest[..12], 12),
        (Some(0xD800..=0xDFFF), _) => ("\\ufffd", 6),
        _ => {
            let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            (&rest[..length], length)
        }
    }
}

/// The UTF-16 code unit of a `\uXXXX` escape.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}
