//! A commit of kaizen as one line of text, and back. Pure.

use std::borrow::Cow;

use super::port::LedgerEntry;

/// A commit of kaizen as a line: its id and all that is known about it, with tabs between the fields. `kaizen log` reads all
/// lines, and JSON would take several times as long.
pub(super) fn entry_line(entry: &LedgerEntry) -> String {
    let parent = entry.parent.as_deref().unwrap_or_default();
    let fields = [entry.commit.as_str(), parent, &entry.committed_at, &entry.subject];
    let trailers = entry.trailers.iter().flat_map(|(key, value)| [key.as_str(), value]);
    let fields: Vec<Cow<str>> = fields.into_iter().chain(trailers).map(escaped).collect();
    fields.join("\t") + "\n"
}

/// The commit of a line; `None` if the line is damaged.
pub(super) fn ledger_entry(line: &str) -> Option<LedgerEntry> {
    let mut fields = line.split('\t').map(unescaped);
    let (commit, parent) = (fields.next()?, fields.next()?);
    let (committed_at, subject) = (fields.next()?, fields.next()?);
    let mut trailers = Vec::new();
    while let Some(key) = fields.next() {
        trailers.push((key, fields.next()?));
    }
    Some(LedgerEntry {
        commit,
        parent: Some(parent).filter(|id| !id.is_empty()),
        subject,
        trailers,
        committed_at,
    })
}

/// A field without the characters that end fields and lines.
fn escaped(field: &str) -> Cow<'_, str> {
    match field.contains(['\\', '\t', '\n', '\r']) {
        true => {
            let field = field.replace('\\', "\\\\").replace('\t', "\\t");
            field.replace('\n', "\\n").replace('\r', "\\r").into()
        }
        false => field.into(),
    }
}

pub(super) fn unescaped(field: &str) -> String {
    if !field.contains('\\') {
        return field.to_owned();
    }
    let (mut text, mut letters) = (String::new(), field.chars());
    while let Some(letter) = letters.next() {
        let next = if letter == '\\' { letters.next() } else { None };
        text.push(match next {
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            other => other.unwrap_or(letter),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_from_their_lines() {
        let entry = |subject: &str, trailers: &[(&str, &str)]| LedgerEntry {
            commit: "a".into(),
            parent: (!trailers.is_empty()).then(|| "b".into()),
            subject: subject.into(),
            trailers: trailers
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            committed_at: "2026-01-01T00:00:00.000Z".into(),
        };
        for entry in [
            entry("kaizen: x", &[("Edit-ID", "e"), ("Gate", "+1 points")]),
            entry("a\ttab, a \\ and a \r", &[("Note", "two\nlines\\t"), ("", "")]),
            entry("", &[]),
        ] {
            let line = entry_line(&entry);
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert_eq!(ledger_entry(line.trim_end_matches('\n')), Some(entry));
        }
        assert_eq!(ledger_entry("a\tb\tc"), None);
        assert_eq!(ledger_entry("a\tb\tc\td\tkey"), None);
    }
}
