//! The name that a typo probably means.

/// The candidate with the smallest edit distance, if it is close enough for a typo: at most one mistake in three letters.
pub(crate) fn nearest<'a>(found: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Two letters in the wrong order are one mistake.
    let near = candidates
        .map(|candidate| (strsim::osa_distance(found, candidate), candidate))
        .min()?;
    let shorter = found.chars().count().min(near.1.chars().count());
    (near.0 <= shorter.max(3) / 3).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_a_typo_can_mean_is_near() {
        let names = ["model", "description", "temperature", "name", "agents"];
        for (found, wanted) in [
            ("modle", Some("model")),
            ("agent", Some("agents")),
            ("Description", Some("description")),
            ("temprature", Some("temperature")),
            ("decription", Some("description")),
            ("permissions", None),
            ("tools", None),
            ("prompt", None),
            ("x", None),
        ] {
            assert_eq!(nearest(found, names.into_iter()), wanted, "{found}");
        }
    }
}
