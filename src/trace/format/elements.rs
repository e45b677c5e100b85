//! Reads the elements of one long JSON list, one at a time.

use std::io::{self, BufRead};

use super::document::{Item, parsed};
use super::lines::unreadable;
use super::location::{SkippedPart, SourceLocation};
use crate::sys::disk::LARGEST_ARTIFACT;

/// The elements of a list.
#[derive(Debug)]
pub(crate) struct Elements<R> {
    reader: R,
    at: usize,
    is_over: bool,
}

/// The result of reading an element.
enum ElementRead {
    /// The element is complete.
    Whole,
    /// The element is longer than [`LARGEST_ARTIFACT`] and was skipped.
    TooLong,
    /// The file ends inside the element.
    Cut,
    /// The list has no further element.
    None,
}

/// The state of a scan within an element.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

impl Scan {
    /// Whether the element ended before this byte.
    fn is_over_at(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_text => self.is_escaped = true,
            b'"' => self.in_text = !self.in_text,
            _ if self.in_text => {}
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' if self.depth > 0 => self.depth -= 1,
            b',' | b']' => return self.depth == 0,
            _ => {}
        }
        false
    }
}

impl<R: BufRead> Elements<R> {
    /// The elements of a list whose `[` the reader has already consumed.
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            at: 0,
            is_over: false,
        }
    }

    /// Reads the bytes of the next element.
    fn read(&mut self, element: &mut Vec<u8>) -> io::Result<ElementRead> {
        let (mut scan, mut length) = (Scan::default(), 0);
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                self.is_over = true;
                return Ok(ElementRead::Cut);
            }
            let end = chunk.iter().position(|byte| scan.is_over_at(*byte));
            let part = &chunk[..end.unwrap_or(chunk.len())];
            length += part.len() as u64;
            if length <= LARGEST_ARTIFACT {
                element.extend_from_slice(part);
            }
            let Some(end) = end else {
                let consumed = chunk.len();
                self.reader.consume(consumed);
                continue;
            };
            self.is_over = chunk[end] == b']';
            self.reader.consume(end + 1);
            return Ok(match length {
                _ if length > LARGEST_ARTIFACT => ElementRead::TooLong,
                _ if self.is_over && element.trim_ascii().is_empty() => ElementRead::None,
                _ => ElementRead::Whole,
            });
        }
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = Result<Item, SkippedPart>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let place = SourceLocation::Pointer(format!("/{}", self.at));
        self.at += 1;
        let mut element = Vec::new();
        match self.read(&mut element) {
            Err(error) => {
                self.is_over = true;
                Some(Err(unreadable(&place, &error)))
            }
            Ok(ElementRead::Whole) => Some(parsed(place, element.trim_ascii())),
            Ok(ElementRead::TooLong) => Some(Err(place.skipped("an element of more than 64 MiB"))),
            Ok(ElementRead::Cut) => Some(Err(place.skipped("the file ends inside this element"))),
            Ok(ElementRead::None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _};

    use super::*;

    fn said(reader: impl io::Read) -> Vec<String> {
        // A small buffer, so that elements lie across its end.
        Elements::new(BufReader::with_capacity(4, reader))
            .map(|item| match item {
                Ok(item) => format!("{} {}", item.place, item.value),
                Err(skipped) => format!("!{} {}", skipped.place, skipped.reason),
            })
            .collect()
    }

    #[test]
    fn elements_come_one_by_one() {
        for (list, wanted) in [
            ("]", &[][..]),
            (" ]", &[]),
            (
                "1, \"a,]\\\"\", [2, [3]],\r\n {\"b\": [\"}\"]}\n]",
                &["/0 1", r#"/1 "a,]\"""#, "/2 [2,[3]]", r#"/3 {"b":["}"]}"#],
            ),
            ("{}, {\"a\": ", &["/0 {}", "!/1 the file ends inside this element"]),
            ("{\"a\"}, {}]", &["!/0 not JSON: expected `:`", "/1 {}"]),
        ] {
            assert_eq!(said(list.as_bytes()), wanted, "{list}");
        }
    }

    #[test]
    fn an_element_that_is_too_long_costs_only_itself() {
        let long = io::repeat(b'x').take(LARGEST_ARTIFACT);
        let list = b"{\"a\": \"".chain(long).chain(&b"\"}, {}]"[..]);
        assert_eq!(
            said(BufReader::new(list)),
            ["!/0 an element of more than 64 MiB", "/1 {}"]
        );
    }
}
