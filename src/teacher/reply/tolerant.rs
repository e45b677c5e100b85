//! Reads one JSON value at a position of a model's text, and reports a problem by its position.
//!
//! Models write line ends and other control characters into strings, and comments, `NaN` and trailing commas between
//! values. Their meaning is unambiguous, so they are accepted. The content of a string is never changed, except that half
//! of a surrogate pair becomes the replacement character.

use serde_json::{Map, Number, Value};

/// The maximum nesting, as in `serde_json`.
const DEEPEST: usize = 128;

/// A value that was read.
#[derive(Debug)]
pub(super) struct JsonReading {
    pub value: Value,
    /// The position after the value.
    pub end: usize,
    /// The position of the first trailing comma.
    pub trailing_comma: Option<usize>,
}

/// The position at which a text stops being JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonProblem {
    /// The position, in bytes.
    pub at: usize,
    pub problem: &'static str,
    /// Whether the text ends inside the value.
    pub is_cut_off: bool,
}

/// Reads the value that begins at a position.
///
/// # Errors
/// The text is not JSON there, or it ends inside the value.
pub(super) fn read(text: &str, start: usize) -> Result<JsonReading, JsonProblem> {
    let mut reader = JsonReader {
        text,
        at: start,
        trailing_comma: None,
    };
    let value = reader.value(0)?;
    Ok(JsonReading {
        value,
        end: reader.at,
        trailing_comma: reader.trailing_comma,
    })
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    trailing_comma: Option<usize>,
}

impl JsonReader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn problem(&self, problem: &'static str) -> JsonProblem {
        let is_cut_off = self.rest().is_empty();
        let problem = if is_cut_off {
            "the text ends inside the JSON"
        } else {
            problem
        };
        JsonProblem {
            at: self.at,
            problem,
            is_cut_off,
        }
    }

    /// Skips one of these characters, if it is next.
    fn skip(&mut self, wanted: char) -> bool {
        let is_next = self.rest().starts_with(wanted);
        self.at += if is_next { wanted.len_utf8() } else { 0 };
        is_next
    }

    /// Skips white space and comments.
    fn space(&mut self) -> Result<(), JsonProblem> {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
            self.at += blanks;
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let length = rest.find("*/").map(|end| end + 2);
                self.at += length.unwrap_or(rest.len());
                length.ok_or_else(|| self.problem("a comment that does not end"))?;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonProblem> {
        if depth > DEEPEST {
            return Err(self.problem("the JSON is nested too deeply"));
        }
        self.space()?;
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, JsonProblem> {
        let mut items = Vec::new();
        self.skip('[');
        while !self.closes(']', items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonProblem> {
        let mut fields = Map::new();
        self.skip('{');
        while !self.closes('}', fields.is_empty())? {
            if !self.rest().starts_with('"') {
                return Err(self.problem("a key in double quotes is expected"));
            }
            let key = self.string()?;
            self.space()?;
            if !self.skip(':') {
                return Err(self.problem("`:` is expected"));
            }
            let value = self.value(depth + 1)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    /// Whether the list or object ends here; otherwise the next item follows.
    fn closes(&mut self, bracket: char, is_first: bool) -> Result<bool, JsonProblem> {
        self.space()?;
        if self.skip(bracket) {
            return Ok(true);
        }
        if is_first {
            return Ok(false);
        }
        let comma = self.at;
        if !self.skip(',') {
            return Err(self.problem("`,` or a closing bracket is expected"));
        }
        self.space()?;
        let ends = self.skip(bracket);
        if ends {
            self.trailing_comma.get_or_insert(comma);
        }
        Ok(ends)
    }

    fn word(&mut self) -> Result<Value, JsonProblem> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let value = match word {
            "null" | "NaN" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "Infinity" => Some(1e308.into()),
            "-Infinity" => Some((-1e308).into()),
            number => serde_json::from_str::<Number>(number).ok().map(Value::Number),
        };
        let length = word.len();
        match value {
            Some(value) if length < rest.len() => {
                self.at += length;
                Ok(value)
            }
            // The rest of a number or word may be missing.
            _ if length == rest.len() => {
                self.at += length;
                Err(self.problem(""))
            }
            _ => Err(self.problem("a value is expected")),
        }
    }

    fn string(&mut self) -> Result<String, JsonProblem> {
        let mut text = String::new();
        self.skip('"');
        loop {
            let rest = self.rest();
            let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            if self.skip('"') {
                return Ok(text);
            }
            if self.rest().is_empty() {
                return Err(self.problem("the string does not end"));
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JsonProblem> {
        let after = self.rest()[1..].chars().next();
        let meant = match after {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('u') => return self.unicode(),
            Some(_) => return Err(self.problem("a backslash is followed by a character that it cannot escape")),
            None => {
                self.at = self.text.len();
                return Err(self.problem(""));
            }
        };
        self.at += 2;
        Ok(meant)
    }

    fn unicode(&mut self) -> Result<char, JsonProblem> {
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
        };
        let Some(first) = unit(self.rest()) else {
            if self.rest().len() < 6 {
                self.at = self.text.len();
            }
            return Err(self.problem("`\\u` needs four hexadecimal digits"));
        };
        let pair = self.rest().get(6..).and_then(unit).map(|second| [first, second]);
        let whole = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok().filter(|c| c.len_utf16() == 2));
        self.at += if whole.is_some() { 12 } else { 6 };
        let alone = char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER);
        Ok(whole.unwrap_or(alone))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_models_write_beyond_json_is_read() {
        for (text, value) in [
            ("{\"a\": \"x\ny\t\"}", json!({"a": "x\ny\t"})),
            ("[1, 2, ] tail", json!([1, 2])),
            (
                "{\"a\": 1, // why\n /* and */ \"b\": [NaN, -Infinity]}",
                json!({"a": 1, "b": [null, -1e308]}),
            ),
            (r#"["\ud83d\ude00 \ud83d \u00e9"]"#, json!(["😀 \u{fffd} é"])),
            (r#"["// NaN, ] ```"]"#, json!(["// NaN, ] ```"])),
        ] {
            assert_eq!(read(text, 0).unwrap().value, value, "{text}");
        }
        assert_eq!(read("[1, 2, ]", 0).unwrap().trailing_comma, Some(5));
        assert_eq!(read("[\",]\"]", 0).unwrap().trailing_comma, None);
    }

    #[test]
    fn a_problem_has_a_position() {
        for (text, at, is_cut_off) in [
            ("[1 2]", 3, false),
            ("{a: 1}", 1, false),
            ("{\"a\" 1}", 5, false),
            ("[\"\\x\"]", 2, false),
            ("[\"a", 3, true),
            ("{\"a\": [1,", 9, true),
            ("[12", 3, true),
            ("[tru]", 1, false),
            (",", 0, false),
        ] {
            let problem = read(text, 0).unwrap_err();
            assert_eq!((problem.at, problem.is_cut_off), (at, is_cut_off), "{text}");
        }
        assert!(read(&"[".repeat(500), 0).is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_is_read_as_serde_reads_it(value in prop::collection::vec(values(), 0..4), before in "[^{\\[]{0,8}") {
            for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                let whole = format!("{before}{text} and so on");
                let found = read(&whole, before.len()).unwrap();
                prop_assert_eq!(&found.value, &serde_json::from_str::<Value>(&text).unwrap());
                prop_assert_eq!(found.end, before.len() + text.len());
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in r#"([\[\]{}",:\\u0-9dn/*%é \n-]|NaN|null|tru)*"#) {
            for (at, _) in text.char_indices() {
                if let Err(problem) = read(&text, at) {
                    prop_assert!(problem.at <= text.len() && text.is_char_boundary(problem.at));
                }
            }
        }
    }
}
