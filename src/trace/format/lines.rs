//! Reads JSON Lines, one line at a time.

use std::io::{self, BufRead};

use super::document::{Item, parsed};
use super::location::{SkippedPart, SourceLocation};
use crate::sys::disk::{ErrorWithRemedy, LARGEST_ARTIFACT, read_line, without_mark};

/// The values of a reader's lines; blank lines are skipped.
#[derive(Debug)]
pub(crate) struct JsonLines<R> {
    reader: R,
    number: usize,
    line: Vec<u8>,
}

impl<R: BufRead> JsonLines<R> {
    /// All lines of a reader.
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            line: Vec::new(),
        }
    }

    fn item(&mut self, place: SourceLocation) -> Result<Item, SkippedPart> {
        if self.line.len() as u64 > LARGEST_ARTIFACT && !self.line.ends_with(b"\n") {
            self.line = Vec::new();
            self.reader
                .skip_until(b'\n')
                .map_err(|error| unreadable(&place, &error))?;
            return Err(place.skipped("a line of more than 64 MiB"));
        }
        let line = match self.number {
            1 => without_mark(&self.line),
            _ => &self.line,
        };
        parsed(place, line.trim_ascii())
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<Item, SkippedPart>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.number += 1;
            let place = SourceLocation::Line(self.number);
            match read_line(&mut self.reader, &mut self.line) {
                Err(error) => return Some(Err(unreadable(&place, &error))),
                Ok(0) => return None,
                Ok(_) if self.line.trim_ascii().is_empty() => {}
                Ok(_) => return Some(self.item(place)),
            }
        }
    }
}

/// The skipped part for a read error, which ends the import of the file.
pub(crate) fn unreadable(place: &SourceLocation, error: &io::Error) -> SkippedPart {
    place.ended(format!("the rest cannot be read: {}", ErrorWithRemedy(error)))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_line_that_is_too_long_costs_only_itself() {
        let long = io::repeat(b'x').take(LARGEST_ARTIFACT + 3);
        let reader = io::BufReader::new(b"{}\n\"".chain(long).chain(&b"\"\n\n[1]"[..]));
        let said: Vec<String> = JsonLines::new(reader)
            .map(|item| match item {
                Ok(item) => format!("{}: {}", item.place, item.value),
                Err(skipped) => format!("{}: {}", skipped.place, skipped.reason),
            })
            .collect();
        assert_eq!(
            said,
            ["line 1: {}", "line 2: a line of more than 64 MiB", "line 4: [1]"]
        );
    }
}
