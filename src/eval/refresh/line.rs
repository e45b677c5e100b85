//! Lines of a task file in which nothing but the split changes, byte for byte.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::artifact::task::Split;

/// The text with other splits in some lines (numbered from 1); every other byte stays.
pub(crate) fn with_splits(text: &str, splits: &BTreeMap<usize, Split>) -> String {
    let line = |(at, line): (usize, &str)| {
        let split = splits.get(&(at + 1));
        let changed = split.and_then(|split| with_split(line, *split));
        changed.unwrap_or_else(|| line.to_owned())
    };
    text.split_inclusive('\n').enumerate().map(line).collect()
}

/// A line with another split; it gets one when it has none. `None` when it is no JSON object.
pub(crate) fn with_split(line: &str, split: Split) -> Option<String> {
    let json = line.strip_prefix('\u{feff}').unwrap_or(line);
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    let value = format!("\"{}\"", split.name());
    let (from, to, put) = match fields.get("split") {
        Some(present) => {
            // The value is a part of the line, so that the distance of their beginnings is its place.
            let from = present.get().as_ptr() as usize - line.as_ptr() as usize;
            (from, from + present.get().len(), value)
        }
        None => {
            let end = line[..line.rfind('}')?].trim_end().len();
            let comma = if fields.is_empty() { "" } else { "," };
            (end, end, format!("{comma}\"split\":{value}"))
        }
    };
    Some(format!("{}{put}{}", &line[..from], &line[to..]))
}

/// The text with further lines at its end, ended as its first line is.
pub(crate) fn with_lines(text: &str, lines: &[String]) -> String {
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    let ending = if first.ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut whole = text.to_owned();
    if !lines.is_empty() && !whole.is_empty() && !whole.ends_with('\n') {
        whole += ending;
    }
    whole.extend(lines.iter().map(|line| format!("{}{ending}", line.trim())));
    whole
}
