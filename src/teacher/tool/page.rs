//! Shows long lists and texts in parts, with a note that says how to get the rest.

use std::ops::Range;

use serde_json::{Value, json};

/// The largest number of rows that one call shows.
const MOST_ROWS: usize = 100;

/// The largest number of characters that one call shows. With its note, a part stays below what a chat teacher sees of a
/// result.
const MOST_CHARACTERS: usize = 18_000;

/// The part of a list that a caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowRange {
    /// The first row, from 0.
    pub offset: usize,
    /// The largest number of rows, from 1 to 100.
    pub limit: usize,
}

impl RowRange {
    /// The page from row `offset`, by default the first, of `limit` rows, by default `default`. More than 100 rows are
    /// cut to 100, because the note says how to get the others.
    ///
    /// # Errors
    /// A number is out of its range.
    pub(super) fn new(offset: Option<f64>, limit: Option<f64>, default: usize) -> Result<Self, String> {
        let (offset, limit) = (offset.unwrap_or(0.0), limit.unwrap_or(default as f64));
        if limit < 1.0 {
            return Err(format!("`limit` must be from 1 to {MOST_ROWS}, not {limit}"));
        }
        if offset < 0.0 {
            return Err(format!("`offset` must be at least 0, not {offset}"));
        }
        Ok(Self {
            offset: offset as usize,
            limit: limit.min(MOST_ROWS as f64) as usize,
        })
    }

    /// The rows of the page and their positions: as many as fit into an answer, but at least one. Only these are made.
    pub(super) fn of<T>(self, all: &[T], row: impl Fn(&T) -> Value) -> (Range<usize>, Vec<Value>) {
        let first = self.offset.min(all.len());
        let mut characters = 0;
        let fits = |row: &Value| {
            let is_first = characters == 0;
            characters += row.to_string().chars().count() + 1;
            is_first || characters <= MOST_CHARACTERS
        };
        let rows: Vec<Value> = all[first..].iter().take(self.limit).map(row).take_while(fits).collect();
        (first..first + rows.len(), rows)
    }
}

/// The note about a part of a list or of a text; `None` if it shows all. `total` is unknown if only a part was searched.
pub(super) fn note(tool: &str, shown: &Range<usize>, total: Option<usize>) -> Option<Value> {
    let is_last = shown.is_empty() || total.is_some_and(|total| shown.end >= total);
    let next = (!is_last).then_some(shown.end);
    let hint = next.map(|next| format!("this is a part: call {tool} with offset {next} for the next"));
    (shown.start > 0 || !is_last)
        .then(|| json!({"offset": shown.start, "next_offset": next, "total": total, "note": hint}))
}

/// The part of a text from character `offset`, up to the end of a line where possible: its position in bytes, and in
/// characters.
pub(super) fn part(text: &str, offset: usize) -> (Range<usize>, Range<usize>) {
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    let start = byte(offset);
    let cut = byte(offset.saturating_add(MOST_CHARACTERS));
    let line_end = text[start..cut].rfind('\n').map(|at| start + at + 1);
    let end = if cut < text.len() { line_end.unwrap_or(cut) } else { cut };
    let first = text[..start].chars().count();
    (start..end, first..first + text[start..end].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ranges() {
        for (offset, limit, page) in [
            (None, None, Ok((0, 20))),
            (Some(5.0), Some(3.0), Ok((5, 3))),
            (Some(1e300), Some(1e300), Ok((usize::MAX, 100))),
            (None, Some(0.0), Err("`limit` must be from 1 to 100, not 0")),
            (None, Some(-1.0), Err("`limit` must be from 1 to 100, not -1")),
            (Some(-1.0), None, Err("`offset` must be at least 0, not -1")),
        ] {
            let found = RowRange::new(offset, limit, 20).map(|page| (page.offset, page.limit));
            assert_eq!(found, page.map_err(str::to_owned));
        }
    }

    #[test]
    fn pages_and_parts_cover_everything_once() {
        let rows: Vec<Value> = (0..250).map(|row| "x".repeat(row * 40).into()).collect();
        let (mut at, mut pages) = (0, 0);
        while at < rows.len() {
            let (shown, _) = RowRange { offset: at, limit: 100 }.of(&rows, Value::clone);
            assert!(shown.start == at && !shown.is_empty());
            (at, pages) = (shown.end, pages + 1);
            let next = note("list", &shown, Some(rows.len())).map(|note| note["next_offset"].clone());
            assert_eq!(next, Some(if at < 250 { at.into() } else { Value::Null }));
        }
        assert!(pages > 20, "{pages}");
        let text: String = (0..5000)
            .map(|line| format!("{line} ä\n"))
            .chain(["ß".repeat(40_000)])
            .collect();
        let (mut read, mut offset) = (String::new(), 0);
        while read.len() < text.len() {
            let (bytes, characters) = part(&text, offset);
            assert!(characters.start == offset && !bytes.is_empty() && characters.len() <= MOST_CHARACTERS);
            read.push_str(&text[bytes]);
            offset = characters.end;
        }
        assert_eq!(read, text);
        assert_eq!(part(&text, usize::MAX).0.len(), 0);
        assert_eq!(note("list", &(0..3), Some(3)), None);
    }
}
