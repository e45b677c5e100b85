//! Labels of edits, chosen by teachers or people. The digest identifies an edit, so several edits may share a label.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;

/// Labels that belong to more than one edit, with the digests of those edits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SharedLabels(BTreeMap<String, BTreeSet<Digest>>);

impl SharedLabels {
    /// Finds shared labels; a repeated edit counts once.
    pub(crate) fn of<'a>(edits: impl IntoIterator<Item = (&'a str, Digest)>) -> Self {
        let mut digests: BTreeMap<String, BTreeSet<Digest>> = BTreeMap::new();
        for (label, digest) in edits {
            digests.entry(label.to_owned()).or_default().insert(digest);
        }
        digests.retain(|_, digests| digests.len() > 1);
        Self(digests)
    }

    /// The shared labels and their edits.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &BTreeSet<Digest>)> {
        self.0.iter()
    }

    /// An edit's name for use in a command: its label, or its short digest if the label is shared or is not a plain
    /// shell word. Labels come from teachers, and people paste commands into shells.
    pub(crate) fn name(&self, label: &str, digest: &Digest) -> String {
        if self.0.contains_key(label) || !is_word(label) {
            digest.short()
        } else {
            label.to_owned()
        }
    }

    /// An edit's name for use in a list: its label, followed by its short digest if the label is shared.
    pub(crate) fn shown(&self, label: &str, digest: &Digest) -> String {
        if self.0.contains_key(label) {
            format!("{label} ({})", digest.short())
        } else {
            label.to_owned()
        }
    }
}

/// Whether a shell reads the label as one plain word, and an argument parser does not take it for an option.
fn is_word(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !label.is_empty() && !label.starts_with('-') && label.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_label_of_different_edits_is_shared() {
        let (one, two) = (Digest::of_bytes(b"1"), Digest::of_bytes(b"2"));
        let shared = SharedLabels::of([("a", one), ("a", one), ("b", one), ("b", two), ("c", two)]);
        assert_eq!(shared.iter().map(|(label, _)| label).collect::<Vec<_>>(), ["b"]);
        assert_eq!(
            (shared.name("a", &one), shared.shown("a", &one)),
            ("a".into(), "a".into())
        );
        assert_eq!(shared.name("b", &one), one.short());
        assert_eq!(shared.shown("b", &two), format!("b ({})", two.short()));
    }

    #[test]
    fn a_label_that_a_shell_would_read_stands_in_no_command() {
        let digest = Digest::of_bytes(b"1");
        let name = |label: &str| SharedLabels::default().name(label, &digest);
        for plain in ["e1", "edit-1", "a_b.c"] {
            assert_eq!(name(plain), plain);
        }
        for other in ["", "-rf", "x; touch y", "$(x)", "a b", "a\u{1b}[2J", "é"] {
            assert_eq!(name(other), digest.short(), "{other:?}");
        }
    }
}
