//! The name that a typo probably means.

/// The candidate with the smallest edit distance, if it is close enough for a typo.
pub(crate) fn nearest<'a>(found: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates
        .map(|candidate| (strsim::levenshtein(found, candidate), candidate))
        .min()?;
    (near.0 <= found.len().max(3) / 2).then_some(near.1)
}
