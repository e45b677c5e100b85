//! Detects whether a query is the same as that of a held-out task, even if either of them was redacted.

use std::collections::BTreeSet;

use crate::artifact::task::normal;
use crate::llm::redact::{Redactor, alike, marks};

/// The minimum length, in bytes, of the text around the marks of a query before it can match other queries.
const LEAST: usize = 12;

/// The queries of held-out tasks, which a teacher may not see.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldOutQueries {
    /// The queries, without differences of case and white space.
    queries: BTreeSet<String>,
    /// The same queries, redacted by the current rules, with all marks made equal.
    redacted: BTreeSet<String>,
    /// For queries with marks, the texts between the marks. They match queries from which an older kaizen redacted more
    /// than the current rules do.
    parts: Vec<Vec<String>>,
}

impl HeldOutQueries {
    /// Creates a set of queries.
    pub(crate) fn of<'a>(queries: impl IntoIterator<Item = &'a str>, redactor: &Redactor) -> Self {
        let mut held_out = Self::default();
        queries.into_iter().for_each(|query| held_out.add(query, redactor));
        held_out
    }

    /// Adds a query.
    pub(crate) fn add(&mut self, query: &str, redactor: &Redactor) {
        self.queries.insert(normal(query));
        self.redacted.insert(comparable(query, redactor));
        let mut parts = Vec::new();
        let mut from = 0;
        let query = normal(query);
        for mark in marks(&query) {
            parts.push(query[from..mark.start].to_owned());
            from = mark.end;
        }
        parts.push(query[from..].to_owned());
        if parts.len() > 1 && parts.iter().map(String::len).sum::<usize>() >= LEAST {
            self.parts.push(parts);
        }
    }

    /// Whether a query is the same as one of these, apart from case, white space and redaction.
    pub(crate) fn asks(&self, query: &str, redactor: &Redactor) -> bool {
        // The first redaction of a process compiles its patterns, which takes longer than all else in a short command.
        if self.queries.is_empty() {
            return false;
        }
        let plain = normal(query);
        self.queries.contains(&plain)
            || self.redacted.contains(&comparable(query, redactor))
            || self.parts.iter().any(|parts| fits(&plain, parts))
    }
}

/// A query in the form for comparison: redacted, with all marks equal, and without differences of case and white space.
fn comparable(query: &str, redactor: &Redactor) -> String {
    alike(&normal(&redactor.text(query)))
}

/// Whether a text consists of these parts in order, with at least one character between neighbouring parts.
fn fits(text: &str, parts: &[String]) -> bool {
    let [first, middle @ .., last] = parts else {
        return false;
    };
    let Some(rest) = text
        .strip_prefix(first.as_str())
        .and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    let mut rest = rest;
    for part in middle {
        let found = rest
            .char_indices()
            .nth(1)
            .and_then(|(second, _)| Some(second + rest[second..].find(part.as_str())?));
        match found {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_left_of_a_query_stands_for_the_query() {
        let redactor = Redactor::default();
        let held_out = [
            "Mail [redacted:email] about it",
            "Log in with token: [redacted:secret] and  card 4111 1111 1111 1111",
            "what does password=[redacted:secret] mean",
            "[redacted:email]",
            "plain Words",
        ];
        let held_out = HeldOutQueries::of(held_out, &redactor);
        for (query, wanted) in [
            ("mail ada@example.org  about it", true),
            ("mail [redacted:own] about it", true),
            ("log in with token: a1b2c3d4e5 and card 4111 1111 1111 1111", true),
            ("log in with token: [redacted:token] and card [redacted:card]", true),
            // Redacted by an older version, but not by this one.
            ("What does password=None mean", true),
            ("PLAIN words", true),
            ("mail about it", false),
            ("write to ada@example.org at once", false),
            ("other words", false),
        ] {
            assert_eq!(held_out.asks(query, &redactor), wanted, "{query}");
        }
    }
}
