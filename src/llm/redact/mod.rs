//! Redaction: removes keys and personal data from text before it is stored or sent.
//!
//! Findings have two classes. Keys, tokens and passwords are removed everywhere. Personal data and matches of a user's
//! own patterns are removed from evidence and from requests to teachers and judges; see [`Redactor::keys_only`].

mod assignment;
mod checksum;
mod command;
mod finding;
mod format;
mod header;
#[cfg(any(test, feature = "internals"))]
pub(crate) mod kinds;
mod labelled;
mod marks;
mod name;
mod number;
mod number_forms;
mod own;
mod personal;
mod provider;
mod scan;
mod separator;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;
use serde_json::Value;

pub(crate) use self::finding::FindingKind;
use self::finding::RedactFinding;
pub(crate) use self::marks::{alike, marks};
use crate::manifest::PersonalKind;

/// Maximum number of rounds. A replacement can expose another finding; with the built-in rules, this happens at most
/// twice. A user's own pattern can keep matching next to its last mark. A text that still changes after these rounds is
/// replaced entirely.
const ROUNDS: usize = 8;

/// The replacement of a text that keeps changing.
const WHOLE: &str = "[redacted:text]";

/// Removes keys and personal data from texts, by built-in rules and a user's own patterns.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    own: Vec<Regex>,
    keeps: Vec<PersonalKind>,
    keys_only: bool,
}

/// A key or password in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The range, in bytes.
    pub range: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The kind.
    pub kind: FindingKind,
}

/// The keys and passwords in a text, in order; personal data is not included.
pub(crate) fn keys(text: &str) -> Vec<Key> {
    let places = Redactor::default().keys_only().places(text);
    let key = |(range, kind): (Range<usize>, FindingKind)| Key {
        line: text[..range.start].matches('\n').count() + 1,
        range,
        kind,
    };
    places.into_iter().map(key).collect()
}

/// Whether a text contains a key or password; the text may be JSON with escapes.
pub(crate) fn holds_key(text: &str) -> bool {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return !keys(text).is_empty();
    };
    let before = value.clone();
    Redactor::default().keys_only().value(&mut value);
    value != before
}

impl Redactor {
    /// Creates a redactor with patterns in addition to the built-in rules.
    ///
    /// # Errors
    /// A pattern is not a regular expression; the patterns of a checked manifest always are.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let own = patterns.iter().map(|pattern| Regex::new(pattern));
        Ok(Self {
            own: own.collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// The same redactor, but without redacting these kinds of personal data.
    pub(crate) fn keeping(mut self, kinds: &[PersonalKind]) -> Self {
        self.keeps = kinds.to_vec();
        self
    }

    /// A redactor for keys and passwords only: personal data and matches of own patterns stay.
    pub(crate) fn keys_only(&self) -> Self {
        Self {
            keys_only: true,
            ..Self::default()
        }
    }

    /// A redactor for keys, passwords and own patterns: personal data stays.
    pub(crate) fn without_personal_rules(&self) -> Self {
        Self {
            keys_only: true,
            ..self.clone()
        }
    }

    /// Replaces findings by `[redacted:kind]`, and home folders by `~`. Borrowed if nothing was found.
    ///
    /// Redaction is idempotent. It takes linear time, provided that own patterns do.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for _ in 0..ROUNDS {
            match self.once(&text) {
                Some(changed) => text = Cow::Owned(changed),
                None => return text,
            }
        }
        match self.once(&text) {
            Some(_) => Cow::Borrowed(WHOLE),
            None => text,
        }
    }

    /// The findings of the built-in rules in a text: range and kind.
    pub(crate) fn places(&self, text: &str) -> Vec<(Range<usize>, FindingKind)> {
        self.found(text).into_iter().map(|one| (one.range, one.kind)).collect()
    }

    fn found(&self, text: &str) -> Vec<RedactFinding> {
        let mut found = scan::found(text, !self.keys_only);
        found.retain(|one| !matches!(one.kind, FindingKind::Personal(kind) if self.keeps.contains(&kind)));
        finding::settled(text, found)
    }

    /// Applies all rules once; `None` if nothing changed.
    fn once(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        let mut current = match found.is_empty() {
            true => Cow::Borrowed(text),
            false => Cow::Owned(finding::replaced(text, &found)),
        };
        for pattern in &self.own {
            if let Some(changed) = own::marked(pattern, &current) {
                current = Cow::Owned(changed);
            }
        }
        (current != text).then(|| current.into_owned())
    }

    /// Redacts every text of a value in place. If the name of a field marks it as secret, the whole text is replaced.
    /// Field names stay.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(changed) = self.text(text) {
                    *text = changed;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => {
                let named = pair_name(fields).map(str::to_owned);
                for (name, value) in fields.iter_mut() {
                    match &named {
                        Some(named) if is_pair_value(name) => self.field(named, value),
                        _ => self.field(name, value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn field(&self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) if assignment::is_secret_field(name, text) => {
                *value = FindingKind::Secret.replacement().into()
            }
            Value::Number(number) if assignment::is_secret_field(name, &number.to_string()) => {
                *value = FindingKind::Secret.replacement().into()
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.field(name, item)),
            Value::Object(fields) if fields.len() == 1 && fields.keys().all(|name| is_pair_value(name)) => {
                fields.values_mut().for_each(|value| self.field(name, value));
            }
            other => self.value(other),
        }
    }
}

/// The name in an object that pairs a name with a value, as in lists of headers or attributes.
fn pair_name(fields: &serde_json::Map<String, Value>) -> Option<&str> {
    let named = ["name", "key", "header"]
        .iter()
        .find_map(|name| fields.get(*name)?.as_str());
    named.filter(|_| fields.len() <= 4)
}

fn is_pair_value(name: &str) -> bool {
    matches!(name, "value" | "stringValue" | "string_value")
}
