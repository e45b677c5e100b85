//! `diagnosis.md`: a narrative for people, ending in one fenced JSON block with the clusters.

use super::cluster::FailureCluster;

/// The file's name in a session.
pub(crate) const FILE: &str = "diagnosis.md";

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
