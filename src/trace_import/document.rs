//! Documents: the JSON values of a file and where each stands. One value, a list, or one value a line.

use std::iter;

use serde_json::Value;

use super::ImportError;
use super::place::{Place, Skipped};
use crate::artifact::without_place;
use crate::reply::python_constants;

/// A JSON value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Where.
    pub place: Place,
    /// What.
    pub value: Value,
}

/// The values of a file, read as they are asked for.
pub type Items<'a> = Box<dyn Iterator<Item = Result<Item, Skipped>> + 'a>;

/// The values of a file.
///
/// # Errors
/// The file is empty, or neither it nor any of its lines is JSON.
pub fn items(bytes: &[u8]) -> Result<Items<'_>, ImportError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(ImportError::Empty);
    }
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    match stream.next() {
        Some(Ok(value)) if bytes[stream.byte_offset()..].trim_ascii().is_empty() => Ok(whole(value)),
        Some(Err(error)) => match repaired(bytes) {
            Some(value) => Ok(whole(value)),
            None if lines(bytes).take(LINES_TRIED).any(is_object) => Ok(Box::new(lines(bytes))),
            None => Err(not_json(&error)),
        },
        _ => Ok(Box::new(lines(bytes))),
    }
}

/// So many lines are tried before a file that does not begin with JSON counts as something else.
const LINES_TRIED: usize = 1_000;

fn is_object(item: Result<Item, Skipped>) -> bool {
    item.is_ok_and(|item| item.value.is_object())
}

fn not_json(error: &serde_json::Error) -> ImportError {
    ImportError::NotJson {
        what: without_place(error),
        line: error.line(),
        column: error.column(),
    }
}

/// One value, or those of its list; `{"data": […]}` is how interfaces hand out lists.
fn whole(value: Value) -> Items<'static> {
    let (values, path) = match value {
        Value::Array(values) => (values, ""),
        Value::Object(mut all) if all.len() <= 2 && all.get("data").is_some_and(Value::is_array) => {
            match all.remove("data") {
                Some(Value::Array(values)) => (values, "/data"),
                _ => (Vec::new(), ""),
            }
        }
        value => {
            let place = Place::Pointer(String::new());
            return Box::new(iter::once(Ok(Item { place, value })));
        }
    };
    let item = move |(at, value)| {
        let place = Place::Pointer(format!("{path}/{at}"));
        Ok(Item { place, value })
    };
    Box::new(values.into_iter().enumerate().map(item))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = Result<Item, Skipped>> + '_ {
    let numbered = bytes.split(|byte| *byte == b'\n').enumerate();
    let filled = numbered
        .map(|(at, line)| (at + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty());
    filled.map(|(number, line)| {
        let place = Place::Line(number);
        match serde_json::from_slice(line) {
            Ok(value) => Ok(Item { place, value }),
            Err(error) => match repaired(line) {
                Some(value) => Ok(Item { place, value }),
                None => Err(place.skipped(format!("not JSON: {}", without_place(&error)))),
            },
        }
    })
}

/// What a parser makes of text once lone surrogates and Python's `NaN` are out of it.
fn repaired(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let may_help = text.contains("\\u") || text.contains("NaN") || text.contains("Infinity");
    may_help
        .then(|| serde_json::from_str(&python_constants(text)).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(bytes: &[u8]) -> Vec<String> {
        let place = |item: Result<Item, Skipped>| match item {
            Ok(item) => item.place.to_string(),
            Err(skipped) => format!("!{}", skipped.place),
        };
        items(bytes).unwrap().map(place).collect()
    }

    #[test]
    fn one_value_a_list_or_lines() {
        for (bytes, wanted) in [
            (&b"{\n\"a\": 1\n}"[..], vec!["the whole file"]),
            (b"\xef\xbb\xbf{}", vec!["the whole file"]),
            (b"[{}, {}]", vec!["/0", "/1"]),
            (b"{\"data\": [{}], \"meta\": {}}", vec!["/data/0"]),
            (b"{}\r\n\r\n{}\r\n", vec!["line 1", "line 3"]),
            (b"{}\n{\"a\": \n{}", vec!["line 1", "!line 2", "line 3"]),
            (b"{\"a\n{}\n", vec!["!line 1", "line 2"]),
            (b"{\"a\": \"\\ud800\"}\n{\"b\": NaN}", vec!["line 1", "line 2"]),
            (b"{\n\"a\": \"\\ud800\"}", vec!["the whole file"]),
        ] {
            assert_eq!(places(bytes), wanted, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert!(matches!(items(b" \n"), Err(ImportError::Empty)));
        for (bytes, wanted) in [(&b"{\n  \"a\": [1,"[..], 2), (b"hello", 1), (b"\x00\xff\x01", 1)] {
            match items(bytes).map(|_| ()) {
                Err(ImportError::NotJson { line, .. }) => assert_eq!(line, wanted),
                other => panic!("{other:?}"),
            }
        }
    }
}
