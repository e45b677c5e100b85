//! Writes a TOML string in the style of the one that it replaces: `"…"`, `'…'`, or over several lines.

use std::collections::BTreeMap;

use super::toml_write::quote;

/// The ways to write a text, the best first: like the old string, then as a basic string. A caller takes the first one
/// that TOML reads as this text.
pub(super) fn spellings(text: &str, old: &str, old_value: &str, line_end: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    let delimiter = ["\"\"\"", "'''", "'"].into_iter().find(|one| old.starts_with(one));
    if let Some(delimiter) = delimiter {
        let inner = old
            .get(delimiter.len()..old.len().saturating_sub(delimiter.len()))
            .unwrap_or_default();
        match delimiter {
            "'" => spellings.push(format!("'{text}'")),
            _ => {
                for end in [line_end, "\n"] {
                    spellings.push(lines(text, inner, old_value, delimiter, end));
                }
                // A text that the old string cannot spell stays on several lines.
                let ends = [line_end, "\n"].into_iter().filter(|_| text.contains('\n'));
                spellings.extend(ends.map(|end| escaped_lines(text, end)));
            }
        }
    }
    spellings.push(quote(text));
    spellings
}

/// A text over several lines. Lines that the old string has keep their spelling.
fn lines(text: &str, inner: &str, old_value: &str, delimiter: &str, line_end: &str) -> String {
    let opens_with_line = inner.starts_with('\n') || inner.starts_with("\r\n");
    let written: Vec<&str> = inner.split('\n').skip(usize::from(opens_with_line)).collect();
    let values: Vec<&str> = old_value.split('\n').collect();
    // With a line continuation, the lines of the text and of the value differ.
    let known: BTreeMap<&str, &str> = match written.len() == values.len() {
        true => values
            .into_iter()
            .map(bare)
            .zip(written.into_iter().map(bare))
            .collect(),
        false => BTreeMap::new(),
    };
    let line = |line: &str| match (known.get(bare(line)), delimiter) {
        (Some(known), _) => (*known).to_owned(),
        (None, "'''") => bare(line).to_owned(),
        (None, _) => {
            let quoted = quote(bare(line));
            quoted[1..quoted.len() - 1].replace("\\t", "\t")
        }
    };
    let rendered: Vec<String> = text.split('\n').map(line).collect();
    let first = if opens_with_line || rendered.first().is_some_and(String::is_empty) {
        line_end
    } else {
        ""
    };
    format!("{delimiter}{first}{}{delimiter}", rendered.join(line_end))
}

/// A text over several lines with every character escaped that needs it, also carriage returns.
fn escaped_lines(text: &str, line_end: &str) -> String {
    let line = |line: &str| {
        let quoted = quote(line);
        quoted[1..quoted.len() - 1].replace("\\t", "\t")
    };
    let lines: Vec<String> = text.split('\n').map(line).collect();
    format!("\"\"\"{line_end}{}\"\"\"", lines.join(line_end))
}

fn bare(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_the_old_string_cannot_spell_keeps_its_lines() {
        for (old, text, wanted) in [
            (
                "'''\nold\n'''",
                "it's ''' tricky\nline\n",
                "\"\"\"\nit's ''' tricky\nline\n\"\"\"",
            ),
            (
                "\"\"\"\nold\n\"\"\"",
                "one\rtwo\r\nthree\n",
                "\"\"\"\none\\rtwo\\r\nthree\n\"\"\"",
            ),
            ("'''\nold\n'''", "one\r\ntwo\n", "\"\"\"\none\\r\ntwo\n\"\"\""),
        ] {
            let all = spellings(text, old, "old\n", "\n");
            let is_read = |one: &&String| {
                let table: Result<toml::Table, _> = toml::from_str(&format!("a = {one}"));
                table.is_ok_and(|table| table["a"].as_str() == Some(text))
            };
            assert_eq!(all.iter().find(is_read).map(String::as_str), Some(wanted), "{all:?}");
        }
    }
}
