//! Redaction: keys and personal data out of text, before it is kept or sent.
//!
//! What is found belongs to one of two classes. Keys, tokens and passwords are removed from everything. Personal data, and
//! what a user's own patterns match, is removed from evidence and from requests to teachers and judges; see
//! [`Redactor::keys_only`].

mod assignment;
mod checksum;
mod command;
mod format;
mod found;
mod header;
mod kind;
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

use self::found::Found;
pub(crate) use self::kind::Kind;
pub(crate) use self::marks::{alike, marks};
use crate::manifest::PersonalKind;

/// One replacement can lay open another; almost none does, and built-in rules do so twice at most. A user's own pattern
/// can go on matching beside its last mark; a text that has not settled by then is replaced as a whole.
const ROUNDS: usize = 8;

/// What is left of a text that does not settle.
const WHOLE: &str = "[redacted:text]";

/// Removes keys and personal data from texts: by the built-in rules, and by a user's own patterns.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    own: Vec<Regex>,
    keeps: Vec<PersonalKind>,
    keys_only: bool,
}

/// A key or a password in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// The keys and passwords in a text, in order. Personal data is none.
pub(crate) fn keys(text: &str) -> Vec<Key> {
    let places = Redactor::default().keys_only().places(text);
    let key = |(range, kind): (Range<usize>, Kind)| Key {
        line: text[..range.start].matches('\n').count() + 1,
        range,
        kind,
    };
    places.into_iter().map(key).collect()
}

/// Whether a key or a password stands in a text, which may be JSON with escaped letters.
pub(crate) fn holds_key(text: &str) -> bool {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return !keys(text).is_empty();
    };
    let before = value.clone();
    Redactor::default().keys_only().value(&mut value);
    value != before
}

impl Redactor {
    /// A redactor with patterns beside the built-in rules.
    ///
    /// # Errors
    /// A pattern is not a regular expression; a checked manifest has no such pattern.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        let own = patterns.iter().map(|pattern| Regex::new(pattern));
        Ok(Self {
            own: own.collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// The same, but these kinds of personal data stay.
    pub(crate) fn keeping(mut self, kinds: &[PersonalKind]) -> Self {
        self.keeps = kinds.to_vec();
        self
    }

    /// The same for keys and passwords alone: personal data stays, and so does what own patterns match.
    pub(crate) fn keys_only(&self) -> Self {
        Self {
            keys_only: true,
            ..Self::default()
        }
    }

    /// The same for keys, passwords and own patterns: personal data stays.
    pub(crate) fn without_personal_rules(&self) -> Self {
        Self {
            keys_only: true,
            ..self.clone()
        }
    }

    /// The text with `[redacted:kind]` in place of what was found, and home folders as `~`; borrowed when nothing was.
    ///
    /// Redacting twice is redacting once. The time grows with the length of the text, not with its square, as long
    /// as own patterns search so.
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

    /// What the built-in rules find in a text: where, and what it is.
    pub(crate) fn places(&self, text: &str) -> Vec<(Range<usize>, Kind)> {
        self.found(text).into_iter().map(|one| (one.range, one.kind)).collect()
    }

    fn found(&self, text: &str) -> Vec<Found> {
        let mut found = scan::found(text, !self.keys_only);
        found.retain(|one| !matches!(one.kind, Kind::Personal(kind) if self.keeps.contains(&kind)));
        found::settled(text, found)
    }

    /// One round of all rules; `None` when it changed nothing.
    fn once(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        let mut current = match found.is_empty() {
            true => Cow::Borrowed(text),
            false => Cow::Owned(found::replaced(text, &found)),
        };
        for pattern in &self.own {
            if let Some(changed) = own::marked(pattern, &current) {
                current = Cow::Owned(changed);
            }
        }
        (current != text).then(|| current.into_owned())
    }

    /// Redacts every text of a value in place; the text of a field whose name says that it is secret goes whole. Field
    /// names stay.
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
                *value = Kind::Secret.replacement().into()
            }
            Value::Number(number) if assignment::is_secret_field(name, &number.to_string()) => {
                *value = Kind::Secret.replacement().into()
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.field(name, item)),
            Value::Object(fields) if fields.len() == 1 && fields.keys().all(|name| is_pair_value(name)) => {
                fields.values_mut().for_each(|value| self.field(name, value));
            }
            other => self.value(other),
        }
    }
}

/// The name in an object that holds a name and its value, as lists of headers and attributes do.
fn pair_name(fields: &serde_json::Map<String, Value>) -> Option<&str> {
    let named = ["name", "key", "header"]
        .iter()
        .find_map(|name| fields.get(*name)?.as_str());
    named.filter(|_| fields.len() <= 4)
}

fn is_pair_value(name: &str) -> bool {
    matches!(name, "value" | "stringValue" | "string_value")
}
