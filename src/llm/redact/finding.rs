//! Findings: the kind and the position of each text to redact. Overlapping findings are merged, and each is then
//! replaced by a mark.

use std::ops::Range;

use super::marks::marks;
use crate::manifest::PersonalKind;

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FindingKind {
    /// A private key in a common armour.
    PrivateKey,
    /// A key with the recognisable form of its provider.
    ApiKey,
    /// A bearer token, a signed URL, a webhook.
    Token,
    /// A cookie's value.
    Cookie,
    /// A password, or a value whose name marks it as a secret.
    Secret,
    /// Personal data.
    Personal(PersonalKind),
}

impl FindingKind {
    /// Whether it is a key or password, which no request may contain, rather than personal data.
    pub(crate) fn is_key(self) -> bool {
        !matches!(self, FindingKind::Personal(_))
    }

    /// The name in marks, reports and the manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            FindingKind::PrivateKey => "private_key",
            FindingKind::ApiKey => "api_key",
            FindingKind::Token => "token",
            FindingKind::Cookie => "cookie",
            FindingKind::Secret => "secret",
            FindingKind::Personal(kind) => kind.name(),
        }
    }

    /// The replacement text.
    pub(crate) fn replacement(self) -> String {
        match self {
            FindingKind::Personal(PersonalKind::HomeFolder) => "~".to_owned(),
            kind => format!("{}{}]", super::marks::START, kind.name()),
        }
    }
}

/// A piece of text to redact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedactFinding {
    /// The range, in bytes.
    pub range: Range<usize>,
    /// The kind.
    pub kind: FindingKind,
}

/// Sorts findings and removes overlaps. Overlapping keys are merged into one of the most specific kind. Personal data
/// that overlaps another finding is left for the next round. Findings inside marks are dropped.
pub(super) fn settled(text: &str, mut found: Vec<RedactFinding>) -> Vec<RedactFinding> {
    if found.is_empty() {
        return found;
    }
    let marks: Vec<Range<usize>> = marks(text).collect();
    found.retain(|one| !one.range.is_empty() && !within_mark(&one.range, &marks));
    found.sort_by_key(|one| (!one.kind.is_key(), one.range.start, one.range.end));
    let mut settled: Vec<RedactFinding> = Vec::new();
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

fn unite(into: &mut RedactFinding, one: &RedactFinding) {
    into.range = into.range.start.min(one.range.start)..into.range.end.max(one.range.end);
    into.kind = into.kind.min(one.kind);
}

/// Whether a finding is inside one mark.
fn within_mark(range: &Range<usize>, marks: &[Range<usize>]) -> bool {
    let first = marks.partition_point(|mark| mark.end <= range.start);
    marks
        .get(first)
        .is_some_and(|mark| mark.start <= range.start && range.end <= mark.end)
}

/// Replaces every finding in the text by its mark.
pub(super) fn replaced(text: &str, found: &[RedactFinding]) -> String {
    let mut output = String::with_capacity(text.len());
    let mut copied = 0;
    for one in found {
        output += &text[copied..one.range.start];
        output += &one.kind.replacement();
        copied = one.range.end;
    }
    output + &text[copied..]
}
