//! The path to a value of a file: names, members that pick an item of a list, and indices.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde_json::Value as Json;

/// The path to a value in a file. As text: `models[name=main].model`, in which quotes protect dots and brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyPath {
    /// The steps from the root; none: the root itself.
    pub segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Segment {
    /// A member of a map.
    Name(String),
    /// The only item of a list that has a member with this scalar, as text: `[name=main]`.
    Member {
        /// The name of the member.
        key: String,
        /// Its value: a string, or the text of a number or of a boolean.
        value: String,
    },
    /// An item of a list, from 0.
    Index(usize),
}

/// Text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a key: {reason}")]
pub(crate) struct BadKey {
    /// The text.
    text: String,
    /// What is wrong with it.
    reason: &'static str,
}

impl KeyPath {
    /// Reads dotted text, or a list of segments: `["models", {"name": "main"}, 0, "model"]`, in which an item of a list may
    /// also be written as in the text, `"[name=main]"`.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn from_json(json: &Json) -> Result<Self, BadKey> {
        match json {
            Json::String(text) => text.parse(),
            Json::Array(items) => {
                let segments = items.iter().map(|item| {
                    segment(item).ok_or_else(|| refused(json, "a segment is a name, an index, or one member"))
                });
                Ok(Self {
                    segments: segments.collect::<Result<_, _>>()?,
                })
            }
            _ => Err(refused(json, "expected a text or a list of segments")),
        }
    }
}

fn refused(json: &Json, reason: &'static str) -> BadKey {
    BadKey {
        text: json.to_string(),
        reason,
    }
}

fn segment(item: &Json) -> Option<Segment> {
    match item {
        Json::String(name) => Some(item_of_text(name).unwrap_or_else(|| Segment::Name(name.clone()))),
        Json::Number(index) => Some(Segment::Index(usize::try_from(index.as_u64()?).ok()?)),
        Json::Object(fields) if fields.len() == 1 => {
            let (key, value) = fields.iter().next()?;
            Some(Segment::Member {
                key: key.clone(),
                value: scalar_text(value)?,
            })
        }
        _ => None,
    }
}

/// The item that a text in brackets picks: `[name=main]`, `[0]`. Any other text is a name.
fn item_of_text(text: &str) -> Option<Segment> {
    let mut reader = PathReader {
        rest: text.strip_prefix('[')?,
    };
    reader.item().ok().filter(|_| reader.rest.is_empty())
}

/// A string, or a number or a boolean as text.
pub(crate) fn scalar_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

impl FromStr for KeyPath {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut reader = PathReader { rest: text };
        reader
            .segments()
            .map(|segments| Self { segments })
            .map_err(|reason| BadKey {
                text: text.to_owned(),
                reason,
            })
    }
}

struct PathReader<'t> {
    rest: &'t str,
}

impl PathReader<'_> {
    fn segments(&mut self) -> Result<Vec<Segment>, &'static str> {
        let mut segments = Vec::new();
        loop {
            if segments.is_empty() && self.rest.is_empty() {
                return Err("it is empty");
            }
            // A path may begin with an item of a list; otherwise each step begins with a name.
            if !(segments.is_empty() && self.rest.starts_with('[')) {
                segments.push(Segment::Name(self.word(&['.', '['])?));
            }
            while self.step('[') {
                segments.push(self.item()?);
            }
            if self.rest.is_empty() {
                return Ok(segments);
            }
            if !self.step('.') {
                return Err("expected `.` or `[` after a step");
            }
        }
    }

    fn item(&mut self) -> Result<Segment, &'static str> {
        let is_quoted = self.rest.starts_with(['"', '\'']);
        let key = self.word(&['=', ']'])?;
        let segment = if self.step('=') {
            Segment::Member {
                key,
                value: self.word(&[']'])?,
            }
        } else if is_quoted {
            return Err("expected `=` after the name of a member");
        } else {
            Segment::Index(key.parse().map_err(|_| "expected `[name=value]` or `[index]`")?)
        };
        match self.step(']') {
            true => Ok(segment),
            false => Err("expected `]`"),
        }
    }

    /// A quoted word, or the text up to one of the ends.
    fn word(&mut self, ends: &[char]) -> Result<String, &'static str> {
        match self.rest.chars().next() {
            Some('"') => {
                let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
                let word = stream.next().and_then(Result::ok).ok_or("a quoted name does not end")?;
                self.rest = &self.rest[stream.byte_offset()..];
                Ok(word)
            }
            Some('\'') => {
                let (word, rest) = self.rest[1..].split_once('\'').ok_or("a quoted name does not end")?;
                self.rest = rest;
                Ok(word.to_owned())
            }
            _ => {
                let end = self.rest.find(ends).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                if word.is_empty() || word.contains(['"', '\'', '[', ']']) {
                    return Err("a name is empty or needs quotes");
                }
                self.rest = rest;
                Ok(word.to_owned())
            }
        }
    }

    fn step(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

impl Display for KeyPath {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name(name) if at == 0 => write!(f, "{}", quoted(name))?,
                Segment::Name(name) => write!(f, ".{}", quoted(name))?,
                Segment::Member { key, value } => write!(f, "[{}={}]", quoted(key), quoted(value))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A word, in quotes if it would be read differently without them.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && !word.contains(['.', '[', ']', '=', '"', '\'', '\\']) && !word.contains(char::is_control);
    if is_plain {
        word.to_owned()
    } else {
        Json::from(word).to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn name(text: &str) -> Segment {
        Segment::Name(text.to_owned())
    }

    fn member(key: &str, value: &str) -> Segment {
        Segment::Member {
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn dotted_text_and_lists_of_segments() {
        let cases = [
            ("model", json!(["model"]), vec![name("model")]),
            ("a.b", json!(["a", "b"]), vec![name("a"), name("b")]),
            (
                "models[name=main].model",
                json!(["models", {"name": "main"}, "model"]),
                vec![name("models"), member("name", "main"), name("model")],
            ),
            (
                "a.\"b.c\".d",
                json!(["a", "b.c", "d"]),
                vec![name("a"), name("b.c"), name("d")],
            ),
            ("a.'b.c'", json!(["a", "b.c"]), vec![name("a"), name("b.c")]),
            (
                "prompts[0]",
                json!(["prompts", 0]),
                vec![name("prompts"), Segment::Index(0)],
            ),
            ("[1].q", json!([1, "q"]), vec![Segment::Index(1), name("q")]),
            (
                "a[0][id=3]",
                json!(["a", 0, {"id": 3}]),
                vec![name("a"), Segment::Index(0), member("id", "3")],
            ),
            (
                "m[id=\"gpt-4.1 [x]\"].t",
                json!(["m", {"id": "gpt-4.1 [x]"}, "t"]),
                vec![name("m"), member("id", "gpt-4.1 [x]"), name("t")],
            ),
            ("argument-hint", json!(["argument-hint"]), vec![name("argument-hint")]),
            (
                "m[id=openai:gpt-4.1].x",
                json!(["m", {"id": "openai:gpt-4.1"}, "x"]),
                vec![name("m"), member("id", "openai:gpt-4.1"), name("x")],
            ),
        ];
        for (text, list, segments) in cases {
            let path: KeyPath = text.parse().unwrap();
            assert_eq!(path.segments, segments, "{text}");
            assert_eq!(KeyPath::from_json(&list).unwrap(), path, "{text}");
            assert_eq!(KeyPath::from_json(&json!(text)).unwrap(), path, "{text}");
        }
    }

    #[test]
    fn an_item_in_a_list_of_segments_may_be_written_as_in_text() {
        for (list, text) in [
            (json!(["models", "[name=main]", "model"]), "models[name=main].model"),
            (json!(["prompts", "[0]"]), "prompts[0]"),
            (json!(["m", "[id=\"a]b\"]", "t"]), "m[id=\"a]b\"].t"),
            (json!(["a.b", "[x"]), "\"a.b\".\"[x\""),
            (json!(["[x]"]), "\"[x]\""),
        ] {
            assert_eq!(KeyPath::from_json(&list).unwrap(), text.parse().unwrap(), "{list}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[x=", "a[x=1", "a[x=1]b", "\"a", "a\"b", "a]",
            "a[\"0\"]",
        ] {
            assert!(text.parse::<KeyPath>().is_err(), "{text}");
        }
        for list in [
            json!(1),
            json!([null]),
            json!([-1]),
            json!([{}]),
            json!([{"a": []}]),
            json!([{"a": 1, "b": 2}]),
        ] {
            assert!(KeyPath::from_json(&list).is_err(), "{list}");
        }
    }

    proptest! {
        #[test]
        fn a_path_survives_its_text(names in prop::collection::vec((0..3_u8, "[a-z.\\[\\]=\"' \\\\é\n]{0,6}", any::<usize>()), 1..5)) {
            let segments = names.into_iter().map(|(kind, word, index)| match kind {
                0 => Segment::Name(word),
                1 => Segment::Member { key: word.clone(), value: word },
                _ => Segment::Index(index),
            });
            let path = KeyPath { segments: segments.collect() };
            prop_assert_eq!(path.to_string().parse::<KeyPath>().unwrap(), path);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a.\\[\\]=\"'é0]{0,12}") {
            let _ = text.parse::<KeyPath>();
        }
    }
}
