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
    /// The category of gate tasks that its edits should raise; absent: the one that its tasks share, if they share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
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
    closing_block(text).map_or(text, |block| block.narrative).trim_end()
}

/// The content of the closing block; `None` if the file does not end in one.
pub(crate) fn block(text: &str) -> Option<&str> {
    closing_block(text).ok().map(|block| block.content)
}

/// The parts of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClosingBlock<'a> {
    /// The text before the block.
    pub narrative: &'a str,
    /// The lines between the fences.
    pub content: &'a str,
}

/// The reason why a diagnosis does not end in a block of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoClosingBlock {
    /// The file has no block of JSON.
    #[error("it must end in one fenced block, ```json … ```, with the list of clusters")]
    Missing,
    /// Further text follows the block.
    #[error("text follows the closing block; the fenced block with the list of clusters must come last")]
    TextAfter,
    /// The block has no closing fence.
    #[error("the closing block is open: it ends with a line of as many backticks as it begins with")]
    Open,
    /// The closing block is marked as another language, or not at all.
    #[error("the closing fenced block must be marked as JSON: ```json … ```")]
    NotJson,
}

/// A line of a text, with its position.
struct PlacedLine<'a> {
    start: usize,
    text: &'a str,
}

impl PlacedLine<'_> {
    /// The fence that the line consists of, and the word after it in lower case.
    fn fence(&self) -> Option<(&str, String)> {
        let run = fence(self.text)?;
        let rest = self.text.trim_start()[run.len()..].trim();
        Some((
            run,
            rest.split([' ', '{', ',']).next().unwrap_or_default().to_lowercase(),
        ))
    }

    fn opens_json(&self) -> Option<&str> {
        let (run, word) = self.fence()?;
        matches!(word.as_str(), "json" | "jsonc" | "json5").then_some(run)
    }

    fn closes(&self, open: &str) -> bool {
        self.fence()
            .is_some_and(|(run, word)| word.is_empty() && run.starts_with(open))
    }
}

/// The closing block of a diagnosis. Three or more backticks or tildes make a fence if they begin a line.
///
/// # Errors
/// The line at fault, from 1, and the reason.
pub(crate) fn closing_block(text: &str) -> Result<ClosingBlock<'_>, (usize, NoClosingBlock)> {
    let mut start = 0;
    let lines: Vec<PlacedLine> = text
        .split_inclusive('\n')
        .map(|line| {
            start += line.len();
            PlacedLine {
                start: start - line.len(),
                text: line.trim_end(),
            }
        })
        .collect();
    let last = lines.iter().rposition(|line| !line.text.is_empty()).unwrap_or_default();
    let opener = lines
        .iter()
        .take(last + 1)
        .rposition(|line| line.opens_json().is_some());
    let Some(opener) = opener else {
        let is_fenced = lines.get(last).is_some_and(|line| line.fence().is_some());
        let reason = if is_fenced {
            NoClosingBlock::NotJson
        } else {
            NoClosingBlock::Missing
        };
        return Err((last + 1, reason));
    };
    let open = lines[opener].opens_json().unwrap_or_default();
    let close = (opener + 1..=last).find(|at| lines[*at].closes(open));
    match close {
        None => Err((last + 1, NoClosingBlock::Open)),
        Some(close) if close == last => Ok(ClosingBlock {
            narrative: &text[..lines[opener].start],
            content: &text[lines[opener + 1].start..lines[close].start],
        }),
        Some(close) => {
            let is_other = lines[last].closes("```") || lines[last].closes("~~~");
            let reason = if is_other {
                NoClosingBlock::NotJson
            } else {
                NoClosingBlock::TextAfter
            };
            let after = (close + 1..=last).find(|at| !lines[*at].text.is_empty());
            Err((after.unwrap_or(last) + 1, reason))
        }
    }
}

/// The three or more backticks or tildes that begin a line, after at most three blanks.
pub(crate) fn fence(line: &str) -> Option<&str> {
    let bare = line.trim_start_matches(' ');
    let run = |c: char| bare.len() - bare.trim_start_matches(c).len();
    let length = run('`').max(run('~'));
    (line.len() - bare.len() < 4 && length >= 3).then(|| &bare[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrative_and_block_come_apart_again() {
        let words = ["wraps it in ```json fences", "```", "a\n```json\n[]\n```\n", "~~~~"];
        let cluster = |words: &str| -> FailureCluster {
            serde_json::from_value(serde_json::json!({"id": "c", "description": words})).unwrap()
        };
        let clusters: Vec<FailureCluster> = words.into_iter().map(cluster).collect();
        for narrative in [
            "# Diagnosis\n\nIt forgets.",
            "An open fence:\n```json\n[1]",
            "```json\n[]\n```\nis an example.",
        ] {
            let text = render(narrative, &clusters);
            assert_eq!(super::narrative(&text), narrative);
            let read: Vec<FailureCluster> = serde_json::from_str(block(&text).unwrap()).unwrap();
            assert_eq!(read, clusters);
        }
        assert!(render("# Diagnosis", &[]).ends_with("```json\n[]\n```\n"));
    }

    #[test]
    fn a_block_is_found_however_it_is_fenced() {
        for (open, close) in [
            ("```json", "```"),
            ("```JSON", "```"),
            ("``` jsonc", "```  "),
            ("````json", "````"),
            ("````json", "`````"),
            ("~~~json", "~~~"),
            ("  ```json title=x", "  ```"),
        ] {
            for end in ["\n", "\r\n"] {
                let text = format!("# Why{end}{end}{open}{end}[]{end}{close}{end}{end}");
                assert_eq!(block(&text).map(str::trim), Some("[]"), "{text:?}");
                assert_eq!(narrative(&text), "# Why");
            }
        }
    }

    #[test]
    fn without_a_closing_block_the_reason_has_its_line() {
        use NoClosingBlock::{Missing, NotJson, Open, TextAfter};
        for (text, line, reason) in [
            ("", 1, Missing),
            ("# Diagnosis\n", 1, Missing),
            ("```json\n[]", 2, Open),
            ("````json\n[]\n```\n", 3, Open),
            ("```json\n[]\n```\n\nAnd more.\n", 5, TextAfter),
            ("A\n```\n[]\n```\n", 4, NotJson),
            ("```json\n[]\n```\n```yaml\n- a\n```\n", 4, NotJson),
        ] {
            assert_eq!(closing_block(text), Err((line, reason)), "{text}");
        }
    }
}
