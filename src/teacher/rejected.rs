//! Edits of earlier sessions that were not kept, as teachers see them: with the class of the reason, without any number
//! of the gate.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::artifact::edit::Edit;

/// The largest number of characters of an edit that a prompt shows.
const MOST_OF_AN_EDIT: usize = 2_000;

/// An edit of an earlier session that was not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectedEdit {
    /// The edit.
    pub edit: Edit,
    /// The class of the reason, such as `harmful`, `no_effect` or `rejected_by_user`.
    pub reason: String,
}

impl RejectedEdit {
    /// What teachers see of it.
    pub(crate) fn shown(&self) -> Value {
        let edit = &self.edit;
        json!({"op": edit.op.name(), "target": edit.target, "payload": edit.payload, "reason": self.reason})
    }
}

/// The section of a prompt about these edits; empty without any.
pub(crate) fn section(rejected: &[RejectedEdit]) -> String {
    let mut lines = String::new();
    for edit in rejected {
        let text = edit.shown().to_string();
        let shown: String = text.chars().take(MOST_OF_AN_EDIT).collect();
        let cut = if shown.len() < text.len() { "…" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{shown}{cut}");
    }
    match lines.is_empty() {
        true => lines,
        false => format!(
            "\n# Edits that were not kept\n\nEarlier sessions tried these edits, newest first, each with the class of the reason. Do \
             not propose one of them again without a change.\n\n{lines}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_edits_are_cut_and_none_means_no_section() {
        let edit = serde_json::from_value(json!({"id": "e", "pillar": "agent", "op": "replace_system_prompt",
            "target": "agents.a.system_prompt", "payload": {"new_content": "é".repeat(5000)}, "rationale": "r",
            "expected_improvement": "c"}));
        let rejected = RejectedEdit {
            edit: edit.unwrap(),
            reason: "no_effect".into(),
        };
        assert_eq!(section(&[]), "");
        let section = section(&[rejected]);
        assert!(section.contains("\"op\":\"replace_system_prompt\"") && section.ends_with("…\n"));
        assert!(section.chars().count() < 2 * MOST_OF_AN_EDIT);
    }
}
