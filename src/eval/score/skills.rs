//! Reads the names of skills from an answer.

use std::collections::BTreeSet;

use super::text::folded;
use crate::artifact::task::NO_SKILL;

/// Characters around a name that are not part of it.
const AROUND: [char; 10] = ['-', '*', '•', '`', '"', '\'', '[', ']', '(', ')'];

/// The names in an answer, folded: a JSON list of texts, or names separated by commas, semicolons or line ends, each
/// perhaps with a bullet or in quotes. Empty for an answer that says that no skill is needed.
///
/// A sentence about a skill is no name, so it makes the answer wrong.
pub(super) fn named(answer: &str) -> BTreeSet<String> {
    let listed = serde_json::from_str::<Vec<String>>(answer.trim());
    let texts = listed.unwrap_or_else(|_| answer.split([',', ';', '\n']).map(str::to_owned).collect());
    let names = texts.iter().map(|text| {
        let text = text.trim().trim_end_matches('.');
        folded(text.trim_matches(|around: char| AROUND.contains(&around) || around.is_whitespace()))
    });
    names.filter(|name| !name.is_empty() && name != NO_SKILL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_models_write_them() {
        for (answer, expected) in [
            ("pdf-tools", vec!["pdf-tools"]),
            ("pdf-tools, csv.", vec!["csv", "pdf-tools"]),
            ("- `pdf-tools`\n- csv\n", vec!["csv", "pdf-tools"]),
            ("[\"csv\", \"pdf-tools\"]", vec!["csv", "pdf-tools"]),
            ("[]", vec![]),
            ("None.", vec![]),
            ("", vec![]),
            ("[csv]", vec!["csv"]),
            ("CSV;csv", vec!["csv"]),
            ("I would load csv", vec!["i would load csv"]),
        ] {
            let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(named(answer), expected, "{answer:?}");
        }
    }
}
