//! Finds the JSON values of a model's reply that are answers: those outside of its reasoning, in order.

use std::ops::Range;

use serde_json::Value;

use super::tolerant;
use super::tolerant::{JsonProblem, JsonReading};
use crate::llm::json::MAX_FALSE_STARTS;

/// Names of the tags around a model's reasoning.
const REASONING: [&str; 8] = [
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "reflection",
    "scratchpad",
    "analysis",
];

/// A JSON value in a reply.
#[derive(Debug)]
pub(super) struct FoundValue {
    pub value: Value,
    /// Its position in the reply, in bytes.
    pub range: Range<usize>,
    pub trailing_comma: Option<usize>,
}

/// A part of a reply that begins like JSON and is not.
#[derive(Debug)]
pub(super) struct FalseStart {
    pub start: usize,
    pub problem: JsonProblem,
}

/// A reply, searched.
#[derive(Debug, Default)]
pub(super) struct SearchedReply {
    /// The values outside of the reasoning, in order.
    pub values: Vec<FoundValue>,
    /// The parts that begin like JSON, in order.
    pub false_starts: Vec<FalseStart>,
    /// The ranges of the reasoning.
    pub reasoning: Vec<Range<usize>>,
    /// Whether the reply ends inside its reasoning.
    pub ends_in_reasoning: bool,
}

/// Searches a reply. Tags and fences inside the strings of a value are a part of the value.
pub(super) fn search(text: &str) -> SearchedReply {
    let mut found = SearchedReply::default();
    let mut at = 0;
    while let Some(start) = text[at..].find(['[', '{', '<']).map(|offset| at + offset) {
        at = match text.as_bytes()[start] {
            b'<' => past_tag(text, start, &mut found),
            _ if found.false_starts.len() >= MAX_FALSE_STARTS => break,
            _ => past_value(text, start, &mut found),
        };
    }
    found
}

fn past_value(text: &str, start: usize, found: &mut SearchedReply) -> usize {
    match tolerant::read(text, start) {
        Ok(JsonReading {
            value,
            end,
            trailing_comma,
        }) => {
            found.values.push(FoundValue {
                value,
                range: start..end,
                trailing_comma,
            });
            end
        }
        Err(problem) => {
            found.false_starts.push(FalseStart { start, problem });
            start + 1
        }
    }
}

/// The position after a tag: after the whole reasoning if the tag opens it. A tag that only closes reasoning ends what
/// the model began before its reply.
fn past_tag(text: &str, start: usize, found: &mut SearchedReply) -> usize {
    let Some((name, is_closing, length)) = tag(&text[start..]).filter(|_| !text[..start].ends_with('`')) else {
        return start + 1;
    };
    let end = start + length;
    if is_closing {
        found.values.clear();
        found.false_starts.clear();
        found.reasoning.clear();
        found.reasoning.push(0..end);
        return end;
    }
    let line = &text[text[..start].rfind('\n').map_or(0, |at| at + 1)..start];
    if !line.trim().is_empty() {
        // A tag within a line is a word of the prose, unless a closing tag follows.
        return end;
    }
    let closes = |at: &usize| tag(&text[*at..]).is_some_and(|(other, is_closing, _)| is_closing && other == name);
    let close = text[end..].match_indices("</").map(|(at, _)| end + at).find(closes);
    found.ends_in_reasoning |= close.is_none();
    let stop = close.map_or(text.len(), |at| at + name.len() + 3);
    found.reasoning.push(start..stop);
    stop
}

/// The name of a tag of reasoning, whether it closes, and its length.
fn tag(text: &str) -> Option<(&'static str, bool, usize)> {
    let inner = text
        .get(1..)?
        .split_once('>')
        .map(|(inner, _)| inner)
        .filter(|inner| inner.len() <= 16)?;
    let name = inner.strip_prefix('/').unwrap_or(inner).trim().to_ascii_lowercase();
    let known = REASONING.into_iter().find(|known| *known == name)?;
    Some((known, inner.starts_with('/'), inner.len() + 2))
}

/// The line and column of a position, from 1.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(text: &str) -> Vec<Value> {
        search(text).values.into_iter().map(|found| found.value).collect()
    }

    #[test]
    fn reasoning_is_left_out_and_strings_are_left_alone() {
        for (text, wanted) in [
            ("<think>[1]</think>[2]", json!([[2]])),
            ("<Thinking>\n{\"a\": 1} {\n</thinking>\n[2] and [3]", json!([[2], [3]])),
            ("[1] no.\n</think>\n[2]", json!([[2]])),
            ("a 12\" rule and {name}: [2]", json!([[2]])),
            (
                "[\"Use <think>steps</think> first.\"]",
                json!([["Use <think>steps</think> first."]]),
            ),
            ("<b>[1]</b> a < b", json!([[1]])),
            ("It leaks `<think>` and `</think>`: [1]", json!([[1]])),
            ("It leaks <think> tags: [1]", json!([[1]])),
            ("Well. <think>[1]</think>[2]", json!([[2]])),
            ("<think>[1]", json!([])),
        ] {
            assert_eq!(json!(values(text)), wanted, "{text}");
        }
        assert!(search("<think>[1]").ends_in_reasoning);
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(place("é\nüx", "é\nü".len()), (2, 2));
        assert_eq!(place("", 0), (1, 1));
    }
}
