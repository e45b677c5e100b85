//! `diagnosis.md`: a narrative for people, ending in one fenced JSON block with the clusters of failures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;

/// The file's name in a session.
pub(crate) const FILE: &str = "diagnosis.md";

/// A group of failures with one cause, with measured failure rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailureCluster {
    /// Label, unique within the diagnosis.
    pub id: String,
    /// What goes wrong.
    pub description: String,
    /// Traces that show it.
    #[serde(default)]
    pub sample_trace_ids: Vec<String>,
    /// Share of the cluster's train tasks that the student fails, 0 to 1.
    #[serde(default)]
    pub student_failure_rate: f64,
    /// Share of the cluster's train tasks that the teacher solves, 0 to 1.
    #[serde(default)]
    pub teacher_success_rate: f64,
    /// What the student lacks.
    #[serde(default)]
    pub skill_gap: String,
    /// Labels of the edits that address it.
    #[serde(default)]
    pub addressed_by_edit_ids: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Renders the file: the narrative, then the clusters.
pub(crate) fn render(narrative: &str, clusters: &[FailureCluster]) -> String {
    let block = serde_json::to_string_pretty(clusters).unwrap_or_default();
    format!("{}\n\n```json\n{block}\n```\n", narrative.trim_end())
}

/// The narrative without its closing block.
pub(crate) fn narrative(text: &str) -> &str {
    text.rfind("```json").map_or(text, |at| &text[..at]).trim_end()
}

/// The content of the closing block; `None` if the file does not end in one.
pub(crate) fn block(text: &str) -> Option<&str> {
    let (_, block) = text.trim_end().strip_suffix("```")?.rsplit_once("```json")?;
    (!block.contains("```")).then_some(block)
}

#[cfg(test)]
mod tests {
    #[test]
    fn narrative_and_block_come_apart_again() {
        let text = super::render("# Diagnosis\n\nIt forgets.\n", &[]);
        assert_eq!(super::narrative(&text), "# Diagnosis\n\nIt forgets.");
        assert!(text.ends_with("```json\n[]\n```\n"));
        assert_eq!(super::block(&text).map(str::trim), Some("[]"));
        for open in [
            "# Diagnosis\n",
            "```json\n[]",
            "```json\n[]\n```\nAnd more.",
            "```json\n[]\n``` ```\n```",
        ] {
            assert_eq!(super::block(open), None, "{open}");
        }
    }
}
