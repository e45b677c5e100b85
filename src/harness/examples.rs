//! Reads an agent's examples from the label lines of its system prompt and from its few-shot file.

use serde::Deserialize;

use crate::harness::home::{AgentError, ParsedHome};

/// An input with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Example {
    /// A query, or the description of a label.
    pub input: String,
    /// The answer.
    pub output: String,
}

/// All examples of an agent: those of the prompt, then those of the few-shot file, in order.
///
/// # Errors
/// A file is not UTF-8, or the few-shot file is not an array of `{"input", "output"}`.
pub(crate) fn read(home: &ParsedHome, agent: &str) -> Result<Vec<Example>, AgentError> {
    let prompt = home.text(&home.layout().prompt, &[("agent", agent)])?;
    let mut examples = prompt.map(|(_, text)| label_lines(text)).unwrap_or_default();
    examples.extend(shots(home, agent)?);
    Ok(examples)
}

/// The examples of the few-shot file.
///
/// # Errors
/// It is not UTF-8, or not an array of `{"input", "output"}`.
pub(crate) fn shots(home: &ParsedHome, agent: &str) -> Result<Vec<Example>, AgentError> {
    let Some((path, text)) = home.text(&home.layout().few_shot, &[("agent", agent)])? else {
        return Ok(Vec::new());
    };
    serde_json::from_str(text)
        .map_err(|error| AgentError(format!("{path}: {error}; write an array of {{\"input\", \"output\"}}")))
}

/// The examples in lines of the form `- label: description`, where the label is one word.
pub(crate) fn label_lines(prompt: &str) -> Vec<Example> {
    let example = |line: &str| {
        let (label, description) = line.trim().strip_prefix("- ")?.split_once(": ")?;
        let label = label.trim().trim_matches('`');
        (!label.is_empty() && !label.contains(char::is_whitespace)).then(|| Example {
            input: description.trim().to_owned(),
            output: label.to_owned(),
        })
    };
    prompt.lines().filter_map(example).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_label_lines_are_knowledge() {
        let prompt =
            "# Title\nBe kind: always.\n- card_lost: lost or stolen card\r\n- two words: no\n- `x`: y\n-: z\n- : z\n";
        let labels: Vec<_> = label_lines(prompt).into_iter().map(|example| example.output).collect();
        assert_eq!(labels, ["card_lost", "x"]);
        assert_eq!(label_lines(prompt)[0].input, "lost or stolen card");
    }
}
