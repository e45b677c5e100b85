//! The op that replaces an agent's few-shot examples. Writes one example per line if the old file has that form,
//! otherwise indented JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::OpContext;
use super::edit_location::EditLocation;
use super::inapplicable::Inapplicable;
use super::originals::restored;
use crate::harness::Harness;

/// Arguments of `edit_few_shot_exemplars`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Payload {
    /// The agent's name. If absent, it is the second part of the edit's target.
    #[serde(default)]
    pub agent: Option<String>,
    /// All examples, in order. They replace the old examples.
    pub exemplars: Vec<Exemplar>,
}

/// One question with the answer that the agent should give.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exemplar {
    /// The user's question.
    pub input: String,
    /// The agent's answer.
    pub output: String,
}

pub(super) fn apply(payload: &Payload, context: &OpContext) -> Result<Harness, Inapplicable> {
    let agent = context.agent(payload.agent.as_deref())?;
    let place = EditLocation::of(context, &[("agent", agent)])?;
    let old = place.text(context.harness)?.unwrap_or_default();
    let original = |text: &str| restored(text, &old, false);
    let exemplars: Result<Vec<Exemplar>, Inapplicable> = payload
        .exemplars
        .iter()
        .map(|one| -> Result<Exemplar, Inapplicable> {
            Ok(Exemplar {
                input: original(&one.input)?,
                output: original(&one.output)?,
            })
        })
        .collect();
    let exemplars = exemplars?;
    if place.keys.is_empty() {
        place.with_text(context.harness, &rewritten(&old, &exemplars))
    } else {
        place.with_value(context.harness, &serde_json::json!(exemplars))
    }
}

/// The text of the file with these examples instead of the old ones. Lines of examples that stay are not changed.
fn rewritten(old: &str, exemplars: &[Exemplar]) -> String {
    let list = json!(exemplars);
    match Lines::of(old) {
        Some(lines) if !exemplars.is_empty() => lines.with(exemplars, old),
        _ => ascii(&format!("{list:#}")),
    }
}

/// A file with one example per line.
struct Lines<'a> {
    known: BTreeMap<String, &'a str>,
    indent: &'a str,
    padding: &'static str,
}

impl<'a> Lines<'a> {
    /// Reads the lines; `None` if no line is an example.
    fn of(text: &'a str) -> Option<Self> {
        let examples = text.lines().filter_map(|line| {
            let example = line.trim().trim_end_matches(',');
            let value: Value = serde_json::from_str(example).ok().filter(Value::is_object)?;
            Some((line, example, value))
        });
        let all: Vec<_> = examples.collect();
        let (line, example, _) = all.first()?;
        Some(Self {
            indent: &line[..line.len() - line.trim_start().len()],
            padding: if example.starts_with("{ ") { " " } else { "" },
            known: all
                .iter()
                .map(|(_, example, value)| (value.to_string(), *example))
                .collect(),
        })
    }

    fn with(&self, exemplars: &[Exemplar], old: &str) -> String {
        let end = if old.contains("\r\n") { "\r\n" } else { "\n" };
        let lines: Vec<String> = exemplars.iter().map(|one| self.line(one, old)).collect();
        let tail = if old.ends_with('\n') { end } else { "" };
        format!("[{end}{}{end}]{tail}", lines.join(&format!(",{end}")))
    }

    fn line(&self, exemplar: &Exemplar, old: &str) -> String {
        if let Some(line) = self.known.get(&json!(exemplar).to_string()) {
            return format!("{}{line}", self.indent);
        }
        let Exemplar { input, output } = exemplar;
        let pair = format!("\"input\": {}, \"output\": {}", json!(input), json!(output));
        let pair = if old.is_ascii() { ascii(&pair) } else { pair };
        format!("{}{{{}{pair}{}}}", self.indent, self.padding, self.padding)
    }
}

/// JSON with all non-ASCII characters escaped, as OpenJarvis writes it.
fn ascii(json: &str) -> String {
    let escape = |unit: u16| format!("\\u{unit:04x}");
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            text.push(character);
        } else {
            text.extend(character.encode_utf16(&mut [0; 2]).iter().copied().map(escape));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exemplars(pairs: &[(&str, &str)]) -> Vec<Exemplar> {
        let one = |(input, output): &(&str, &str)| Exemplar {
            input: (*input).to_owned(),
            output: (*output).to_owned(),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn one_example_a_line_stays_so_and_old_lines_keep_their_bytes() {
        let old =
            "[\r\n  { \"output\": \"x\", \"input\": \"a\" },\r\n  { \"input\": \"b\", \"output\": \"y\" }\r\n]\r\n";
        let new = exemplars(&[("b", "y"), ("é", "z"), ("a", "x")]);
        let text = rewritten(old, &new);
        let expected = "[\r\n  { \"input\": \"b\", \"output\": \"y\" },\r\n  { \"input\": \"\\u00e9\", \"output\": \"z\" },\r\n  \
                        { \"output\": \"x\", \"input\": \"a\" }\r\n]\r\n";
        assert_eq!(text, expected);
        assert_eq!(rewritten(&text, &new), text);
    }

    #[test]
    fn any_other_file_is_written_as_the_ancestor_does() {
        let new = exemplars(&[("a", "x")]);
        for old in [
            "",
            "[]",
            "[\n  {\n    \"input\": \"q\",\n    \"output\": \"r\"\n  }\n]",
            "not JSON",
        ] {
            let text = rewritten(old, &new);
            assert_eq!(text, "[\n  {\n    \"input\": \"a\",\n    \"output\": \"x\"\n  }\n]");
            assert_eq!(rewritten(&text, &new), text);
        }
        assert_eq!(rewritten("[\n{\"input\": \"a\", \"output\": \"x\"}\n]\n", &[]), "[]");
    }
}
