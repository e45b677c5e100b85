//! Findings: where in a text something stands that must go, and how overlapping ones become one.

use std::ops::Range;

use super::kind::Kind;
use super::marks::marks;

/// A piece of text that must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The findings in order, without overlaps. Keys that overlap become one, named after the surest kind; personal data that
/// overlaps a key is left for the next round; marks are not found again.
pub(super) fn settled(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    if found.is_empty() {
        return found;
    }
    let marks: Vec<Range<usize>> = marks(text).collect();
    found.retain(|one| !one.range.is_empty() && !within_mark(&one.range, &marks));
    found.sort_by_key(|one| (!one.kind.is_key(), one.range.start, one.range.end));
    let mut settled: Vec<Found> = Vec::new();
    for one in found {
        let at = settled.partition_point(|other| other.range.end <= one.range.start);
        let overlaps = settled.get(at).is_some_and(|other| other.range.start < one.range.end);
        match overlaps {
            false => settled.insert(at, one),
            true if one.kind.is_key() => unite(&mut settled[at], &one),
            true => {}
        }
    }
    settled
}

fn unite(into: &mut Found, one: &Found) {
    into.range = into.range.start.min(one.range.start)..into.range.end.max(one.range.end);
    into.kind = into.kind.min(one.kind);
}

/// Whether a finding holds nothing but letters of one mark.
fn within_mark(range: &Range<usize>, marks: &[Range<usize>]) -> bool {
    let first = marks.partition_point(|mark| mark.end <= range.start);
    marks
        .get(first)
        .is_some_and(|mark| mark.start <= range.start && range.end <= mark.end)
}

/// The text with every finding replaced.
pub(super) fn replaced(text: &str, found: &[Found]) -> String {
    let mut output = String::with_capacity(text.len());
    let mut copied = 0;
    for one in found {
        output += &text[copied..one.range.start];
        output += &one.kind.replacement();
        copied = one.range.end;
    }
    output + &text[copied..]
}
