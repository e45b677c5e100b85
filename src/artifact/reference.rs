//! The right answer of a task: one value, or a list of values each of which is right.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The right answer of a task, as its file states it. A number keeps all its digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceAnswer {
    accepted: Vec<String>,
    /// The JSON text of a list, an object or null; `None` for a text, a number and a truth value.
    json: Option<String>,
    odd: Option<&'static str>,
}

impl ReferenceAnswer {
    /// The answer as text: the first one of a list, and empty text for an empty list.
    pub fn as_str(&self) -> &str {
        self.accepted.first().map_or("", String::as_str)
    }

    /// The answers as texts. Each of them is right.
    pub fn accepted(&self) -> &[String] {
        &self.accepted
    }

    /// The JSON text for a scorer that takes the whole reference, including a list, as one value.
    pub(crate) fn json_text(&self) -> &str {
        self.json.as_deref().unwrap_or_else(|| self.as_str())
    }

    /// Why the reference is not a text or a list of texts, if it is not.
    pub(crate) fn not_texts(&self) -> Option<&'static str> {
        self.odd
    }

    /// Whether the file states none.
    pub(crate) fn is_missing(&self) -> bool {
        self.accepted.is_empty() && self.json.is_none()
    }

    fn of_json(text: &str) -> Result<Self, serde_json::Error> {
        let with_json = |accepted, odd| Self {
            accepted,
            json: Some(text.to_owned()),
            odd,
        };
        Ok(match text.as_bytes().first() {
            Some(b'"') => Self::from(serde_json::from_str::<String>(text)?),
            Some(b'[') => {
                let values: Vec<&RawValue> = serde_json::from_str(text)?;
                let is_odd = |value: &&RawValue| value.get().starts_with(['[', '{', 'n']);
                let odd = match () {
                    () if values.is_empty() => Some("it is an empty list"),
                    () if values.iter().any(is_odd) => Some("its list contains more than texts and numbers"),
                    () => None,
                };
                let texts: Result<_, _> = values.iter().map(|value| text_of(value.get())).collect();
                with_json(texts?, odd)
            }
            Some(b'{') => with_json(vec![text_of(text)?], Some("it is an object")),
            Some(b'n') => with_json(Vec::new(), Some("it is null")),
            _ => Self::from(text),
        })
    }
}

/// The text of a JSON value: of a string its content, of a number its digits as written.
fn text_of(json: &str) -> Result<String, serde_json::Error> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json)?,
        Some(b'{' | b'[') => serde_json::from_str::<Value>(json)?.to_string(),
        _ => json.to_owned(),
    })
}

impl<T: Into<String>> From<T> for ReferenceAnswer {
    fn from(text: T) -> Self {
        Self {
            accepted: vec![text.into()],
            json: None,
            odd: None,
        }
    }
}

impl Serialize for ReferenceAnswer {
    /// Writes a list and null as they are, and everything else as text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_list_or_null = |json: &&String| json.starts_with(['[', 'n']);
        let raw = self.json.clone().filter(|json| is_list_or_null(&json));
        match raw.and_then(|json| RawValue::from_string(json).ok()) {
            Some(raw) => raw.serialize(serializer),
            None => serializer.serialize_str(self.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for ReferenceAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::of_json(raw.get()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &str) -> ReferenceAnswer {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_reference_is_a_value_or_a_list_of_them() {
        for (written, accepted, json) in [
            (r#""a\"b""#, vec!["a\"b"], "a\"b"),
            ("7", vec!["7"], "7"),
            (
                "12345678901234567890123.10",
                vec!["12345678901234567890123.10"],
                "12345678901234567890123.10",
            ),
            ("true", vec!["true"], "true"),
            (
                r#"["a", 1.50, false]"#,
                vec!["a", "1.50", "false"],
                r#"["a", 1.50, false]"#,
            ),
            (r#"{"b": 2, "a": 1}"#, vec![r#"{"a":1,"b":2}"#], r#"{"b": 2, "a": 1}"#),
            ("null", vec![], "null"),
            ("[]", vec![], "[]"),
        ] {
            let read = read(written);
            assert_eq!(read.accepted(), accepted, "{written}");
            assert_eq!(read.json_text(), json, "{written}");
        }
    }

    #[test]
    fn what_is_neither_text_nor_a_list_of_texts_says_so() {
        for (written, odd) in [
            ("\"a\"", None),
            ("[\"a\", 1]", None),
            ("null", Some("it is null")),
            ("[]", Some("it is an empty list")),
            ("{}", Some("it is an object")),
            ("[[1]]", Some("its list contains more than texts and numbers")),
            ("[null]", Some("its list contains more than texts and numbers")),
        ] {
            assert_eq!(read(written).not_texts(), odd, "{written}");
        }
    }

    #[test]
    fn texts_are_written_as_older_versions_wrote_them() {
        for (read_from, written) in [
            ("\"a\"", json!("a")),
            ("7", json!("7")),
            (r#"{"b": 2, "a": 1}"#, json!(r#"{"a":1,"b":2}"#)),
            (r#"["a", 1]"#, json!(["a", 1])),
            ("null", json!(null)),
        ] {
            assert_eq!(json!(read(read_from)), written);
        }
    }

    #[test]
    fn a_value_in_memory_is_read_as_well() {
        let read: ReferenceAnswer = serde_json::from_value(json!(["a", "b"])).unwrap();
        assert_eq!(read.accepted(), ["a", "b"]);
        assert_eq!(ReferenceAnswer::from("x").as_str(), "x");
    }
}
