//! Compares JSON values exactly, and finds them in the prose and the fences of an answer.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::quantity::{Decimal, Quantity};
use super::text::is_invisible;
use crate::llm::json::balanced;

/// The deepest nesting of a value.
const DEEPEST: usize = 128;
/// The languages of fences in which comments and trailing commas are allowed.
const RELAXED: [&str; 2] = ["jsonc", "json5"];

/// A JSON value whose numbers keep all their digits. If a member occurs twice in an object, the last one counts.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Quantity),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Parses a text that is one JSON value.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::of_raw(raw, 0)
    }

    fn of_raw(raw: &RawValue, depth: usize) -> Result<Self, String> {
        let (text, message) = (raw.get(), |error: serde_json::Error| error.to_string());
        if depth > DEEPEST {
            return Err(format!("values are nested more than {DEEPEST} deep"));
        }
        let inner = |raw: &RawValue| Self::of_raw(raw, depth + 1);
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(message)?;
                let member = |(name, raw)| Ok((name, inner(raw)?));
                Self::Object(members.into_iter().map(member).collect::<Result<_, String>>()?)
            }
            Some(b'[') => {
                let values: Vec<&RawValue> = serde_json::from_str(text).map_err(message)?;
                Self::List(values.into_iter().map(inner).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(message)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(number(text).ok_or("a number's exponent is too large")?),
        })
    }

    /// Whether two values are equal: members in any order, numbers by their exact value.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Number(one), Self::Number(two)) => one.is(two),
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::List(one), Self::List(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.is(two))
            }
            (Self::Object(one), Self::Object(two)) => {
                let is_equal = |(name, one): (&String, &Self)| two.get(name).is_some_and(|two| one.is(two));
                one.len() == two.len() && one.iter().all(is_equal)
            }
            _ => false,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Reads a JSON number; `None` if its exponent does not fit.
fn number(text: &str) -> Option<Quantity> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.parse::<i64>().ok()?.checked_sub(part.len() as i64)?;
    Some(Quantity::decimal(Decimal::new(&format!("{whole}{part}"), exponent)).signed(negative))
}

/// The value that an answer gives: the whole answer, else the last value of the wanted kind in a fence, else the last
/// object or list of that kind in the prose.
pub(super) fn answered(answer: &str, wanted: &Json) -> Option<Json> {
    let text = answer.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    if let Ok(value) = Json::parse(text) {
        return Some(value);
    }
    let mut fenced = fences(text).into_iter().filter_map(|fence| fence.value());
    let last = fenced.rfind(|value| value.is_like(wanted));
    last.or_else(|| in_prose(text, wanted))
}

/// A code fence: the word behind its opening, and its content.
#[derive(Debug)]
struct Fence {
    language: String,
    content: String,
}

impl Fence {
    fn value(&self) -> Option<Json> {
        let is_relaxed = RELAXED.contains(&self.language.as_str());
        let strict = Json::parse(self.content.trim()).ok();
        strict.or_else(|| is_relaxed.then(|| Json::parse(plain_json(&self.content).trim()).ok())?)
    }
}

/// The code fences of a text. The last one may lack its end.
fn fences(text: &str) -> Vec<Fence> {
    let (mut fences, mut open): (Vec<Fence>, Option<(char, usize)>) = (Vec::new(), None);
    for line in text.lines() {
        let trimmed = line.trim_start();
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = trimmed.chars().take_while(|c| Some(*c) == mark).count();
        match (open, mark) {
            (None, Some(mark)) if length >= 3 => {
                open = Some((mark, length));
                let rest = trimmed[length..].trim();
                // Some models put the content, and even the end, on the line of the opening.
                let (language, content) = match rest.find(['{', '[', '"']) {
                    Some(at) => (&rest[..at], rest[at..].strip_suffix("```").unwrap_or(&rest[at..])),
                    None => (rest, ""),
                };
                if rest.len() > 3 && rest.ends_with("```") {
                    open = None;
                }
                let language = language.split_whitespace().next().unwrap_or_default().to_lowercase();
                fences.push(Fence {
                    language,
                    content: content.to_owned(),
                });
            }
            (Some((opened, least)), Some(mark))
                if mark == opened && length >= least && trimmed.trim_end().len() == length =>
            {
                open = None;
            }
            (Some(_), _) => {
                if let Some(fence) = fences.last_mut() {
                    fence.content.push('\n');
                    fence.content.push_str(line);
                }
            }
            _ => {}
        }
    }
    fences
}

/// JSON without the comments and the trailing commas that its relaxed dialects allow.
fn plain_json(text: &str) -> String {
    let (mut plain, mut rest, mut quoted) = (String::with_capacity(text.len()), text, false);
    while let Some(next) = rest.chars().next() {
        let skipped = match () {
            () if quoted => 0,
            () if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            () if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            () => 0,
        };
        if skipped > 0 {
            rest = &rest[skipped..];
            continue;
        }
        let length = match (quoted, next) {
            (true, '\\') => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => next.len_utf8(),
        };
        quoted ^= next == '"';
        if !quoted && matches!(next, ']' | '}') {
            let end = plain.trim_end().len();
            if plain[..end].ends_with(',') {
                plain.truncate(end - 1);
            }
        }
        plain.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    plain
}

/// The last object or list of the wanted kind in prose. A value that the text cuts off does not count.
fn in_prose(text: &str, wanted: &Json) -> Option<Json> {
    let values = balanced::<&RawValue>(text).into_iter().rev();
    let mut read = values.filter_map(|raw| Json::of_raw(raw, 0).ok());
    read.find(|value| value.is_like(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, two: &str) -> bool {
        Json::parse(one).unwrap().is(&Json::parse(two).unwrap())
    }

    #[test]
    fn values_are_compared_exactly() {
        for (one, two) in [
            (r#"{"a": 1, "b": [true, null]}"#, r#"{"b":[true,null],"a":1.0}"#),
            ("1", "1e0"),
            ("100", "1.00E+2"),
            ("-0", "0.0"),
            ("0.1", "0.10"),
            (r#""\u00e9""#, "\"é\""),
            (r#"{"a": 1, "a": 2}"#, r#"{"a": 2}"#),
            ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
        ] {
            assert!(same(one, two), "{one} {two}");
        }
        for (one, two) in [
            ("9007199254740993", "9007199254740992"),
            ("0.30000000000000004", "0.3"),
            ("1e400", "1e401"),
            ("1", "\"1\""),
            ("[1, 2]", "[2, 1]"),
            ("{}", "[]"),
            (r#"{"a": null}"#, "{}"),
            ("\"a\"", "\"A\""),
        ] {
            assert!(!same(one, two), "{one} {two}");
        }
        assert!(Json::parse("1e99999999999999999999").is_err());
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        assert!(Json::parse(&("[".repeat(1_000) + &"]".repeat(1_000))).is_err());
        assert!(Json::parse("NaN").is_err());
    }

    #[test]
    fn the_last_complete_value_of_an_answer_counts() {
        for (answer, wanted, right) in [
            ("\u{feff} {\"a\": 1}\n", "{\"a\":1}", true),
            (
                "Here it is:\n```json\n{\"a\": 1}\n```\nAnything else?",
                "{\"a\":1}",
                true,
            ),
            ("```JSON\n{\"a\": 1}\n```", "{\"a\":1}", true),
            ("~~~\n{\"a\": 1}\n~~~", "{\"a\":1}", true),
            ("```{\"a\": 1}```", "{\"a\":1}", true),
            ("```json {\"a\": 1}```", "{\"a\":1}", true),
            ("```json\n{\"a\": 1}", "{\"a\":1}", true),
            ("```json\n{\"a\": \"```\"}\n```", "{\"a\":\"```\"}", true),
            (
                "```jsonc\n{\"a\": 1, // one\n \"b\": [\"//\", /* two */ 2,],\n}\n```",
                "{\"a\":1,\"b\":[\"//\",2]}",
                true,
            ),
            ("```json\n{\"a\": 1,}\n```", "{\"a\":1}", false),
            ("```\n7\n```", "7", true),
            ("It is 7.", "7", false),
            ("Sure: {\"a\": 1}.", "{\"a\":1}", true),
            ("First {\"a\": 2}, no: {\"a\": 1}", "{\"a\":1}", true),
            ("First {\"a\": 1}, no: {\"a\": 2}", "{\"a\":1}", false),
            (
                "```json\n{\"a\": 2}\n```\nor rather\n```json\n{\"a\": 1}\n```",
                "{\"a\":1}",
                true,
            ),
            ("```json\n{\"a\": 1}\n```\nas in [1] and {\"b\": 2}", "{\"a\":1}", true),
            ("{\"a\": 1} as in [1]", "{\"a\":1}", true),
            ("Then {\"a\": {\"b\": 1}", "{\"b\":1}", false),
            ("[x] is not it, [1] is", "[1]", true),
        ] {
            let wanted = Json::parse(wanted).unwrap();
            let found = answered(answer, &wanted).is_some_and(|found| found.is(&wanted));
            assert_eq!(found, right, "{answer}");
        }
    }
}
