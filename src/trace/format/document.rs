//! Reads the JSON values of a file with their locations. A file is one value, a list, or JSON Lines.

use std::io::{self, BufRead, Cursor, Seek, SeekFrom};
use std::iter;

use serde_json::Value;

use super::ImportError;
use super::elements::Elements;
use super::lines::JsonLines;
use super::location::{SkippedPart, SourceLocation};
use crate::artifact::without_place;
use crate::llm::json::python_constants;
use crate::sys::disk::{BYTE_ORDER_MARK, LARGEST_ARTIFACT, is_utf16, remove_mark};

/// A JSON value and its location.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub place: SourceLocation,
    pub value: Value,
    /// Its length in the file, in bytes, from which its size in memory is estimated; 0 for a part of a small file.
    pub size: u64,
}

/// The values of a file, read lazily.
pub(crate) type Items<'a> = Box<dyn Iterator<Item = Result<Item, SkippedPart>> + 'a>;

/// The values of a file. A file of up to [`LARGEST_ARTIFACT`] bytes is read as a whole; a larger file is read one line
/// or list element at a time.
///
/// # Errors
/// The file is empty, neither it nor any of its lines is JSON, or it cannot be read.
pub(crate) fn items<'a>(mut reader: impl BufRead + Seek + 'a) -> Result<Items<'a>, ImportError> {
    let size = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    if is_utf16(reader.fill_buf()?) {
        return Err(ImportError::Utf16);
    }
    if size > LARGEST_ARTIFACT {
        return long_items(reader);
    }
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    short_items(bytes)
}

fn short_items(mut bytes: Vec<u8>) -> Result<Items<'static>, ImportError> {
    remove_mark(&mut bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(ImportError::Empty);
    }
    let mut stream = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
    match stream.next() {
        Some(Ok(value)) if bytes[stream.byte_offset()..].trim_ascii().is_empty() => Ok(whole(value)),
        Some(Err(error)) => match repaired(&bytes) {
            Some(value) => Ok(whole(value)),
            None if has_an_object(&bytes[..]) => Ok(Box::new(JsonLines::new(Cursor::new(bytes)))),
            None => Err(not_json(&error)),
        },
        _ => Ok(Box::new(JsonLines::new(Cursor::new(bytes)))),
    }
}

fn long_items<'a>(mut reader: impl BufRead + Seek + 'a) -> Result<Items<'a>, ImportError> {
    if first_byte(&mut reader)? == Some(b'[') {
        reader.consume(1);
        return Ok(Box::new(Elements::new(reader)));
    }
    reader.rewind()?;
    let is_by_lines = has_an_object(&mut reader);
    reader.rewind()?;
    match is_by_lines {
        true => Ok(Box::new(JsonLines::new(reader))),
        false => Err(ImportError::TooLong),
    }
}

/// Skips a byte order mark and white space, and returns the next byte without consuming it.
fn first_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    loop {
        let chunk = reader.fill_buf()?;
        let text = chunk.trim_ascii_start();
        let (first, blank, is_end) = (text.first().copied(), chunk.len() - text.len(), chunk.is_empty());
        reader.consume(blank);
        if first.is_some() || is_end {
            return Ok(first);
        }
    }
}

/// The number of lines that are searched for a JSON object before a file counts as not being JSON Lines.
const LINES_TRIED: usize = 1_000;

fn has_an_object(reader: impl BufRead) -> bool {
    let mut tried = JsonLines::new(reader).take(LINES_TRIED);
    tried.any(|item| item.is_ok_and(|item| item.value.is_object()))
}

fn not_json(error: &serde_json::Error) -> ImportError {
    ImportError::NotJson {
        what: without_place(error),
        line: error.line(),
        column: error.column(),
    }
}

/// The elements of a list or of `{"data": […]}`, the usual wrapper of web APIs; otherwise the value itself.
fn whole(value: Value) -> Items<'static> {
    let item = |place, value| Ok(Item { place, value, size: 0 });
    let (values, path) = match value {
        Value::Array(values) => (values, ""),
        Value::Object(mut all) if all.len() <= 2 && all.get("data").is_some_and(Value::is_array) => {
            match all.remove("data") {
                Some(Value::Array(values)) => (values, "/data"),
                _ => (Vec::new(), ""),
            }
        }
        value => return Box::new(iter::once(item(SourceLocation::Pointer(String::new()), value))),
    };
    let items = values.into_iter().enumerate();
    Box::new(items.map(move |(at, value)| item(SourceLocation::Pointer(format!("{path}/{at}")), value)))
}

/// Parses a line or a list element.
pub(crate) fn parsed(place: SourceLocation, bytes: &[u8]) -> Result<Item, SkippedPart> {
    let item = |place, value| Item {
        place,
        value,
        size: bytes.len() as u64,
    };
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(item(place, value)),
        Err(error) => match repaired(bytes) {
            Some(value) => Ok(item(place, value)),
            None => Err(place.skipped(format!("not JSON: {}", without_place(&error)))),
        },
    }
}

/// The value of text that parses once lone surrogates and Python's `NaN` and `Infinity` are replaced.
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
        let place = |item: Result<Item, SkippedPart>| match item {
            Ok(item) => item.place.to_string(),
            Err(skipped) => format!("!{}", skipped.place),
        };
        items(Cursor::new(bytes)).unwrap().map(place).collect()
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
        assert!(matches!(items(Cursor::new(b" \n")), Err(ImportError::Empty)));
        for utf16 in [&b"\xff\xfe{\0}\0"[..], b"\xfe\xff\0{\0}"] {
            assert!(matches!(items(Cursor::new(utf16)), Err(ImportError::Utf16)));
        }
        for (bytes, wanted) in [(&b"{\n  \"a\": [1,"[..], 2), (b"hello", 1), (b"\x00\xff\x01", 1)] {
            match items(Cursor::new(bytes)).map(|_| ()) {
                Err(ImportError::NotJson { line, .. }) => assert_eq!(line, wanted),
                other => panic!("{other:?}"),
            }
        }
    }
}
