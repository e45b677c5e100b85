//! Scores an answer against the reference answer of its task: by a pure function, or by the user's program.

use regex::RegexBuilder;

use crate::artifact::task::{Scorer, Task};
use crate::sys::process::Program;

/// The maximum compiled size of a reference that is a regular expression, in bytes.
const REGEX_SIZE_LIMIT: usize = 1 << 20;
/// The relative difference up to which two numbers count as equal.
const NUMBER_TOLERANCE: f64 = 1e-9;

/// The reason why an answer has no score.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// The scorer runs a program or a model, which a pure function cannot.
    #[error("task {task_id}: scorer `{scorer}` needs an engine; it cannot score without one")]
    NeedsEngine {
        /// The task.
        task_id: String,
        /// The scorer's name.
        scorer: &'static str,
    },
    /// The scorer cannot read the reference answer.
    #[error("task {task_id}: reference_answer is not {wanted}: {problem}; correct it in the benchmark")]
    Reference {
        /// The task.
        task_id: String,
        /// The kind of reference that the scorer needs.
        wanted: &'static str,
        /// The problem with the reference.
        problem: String,
    },
}

/// Scores an answer: 1 if it is right, otherwise 0.
///
/// # Errors
/// The reference is malformed, or the scorer needs an engine.
pub fn score(task: &Task, answer: &str) -> Result<f64, ScoreError> {
    let right = match task.scorer {
        Scorer::Exact => folded(answer) == folded(&task.reference_answer),
        Scorer::Contains => folded(answer).contains(&folded(&task.reference_answer)),
        Scorer::Regex => matches_expression(task, answer)?,
        Scorer::Number => equals_number(task, answer)?,
        Scorer::Json => equals_json(task, answer)?,
        Scorer::Command => return Err(needs_engine(task, "command")),
        Scorer::Judge => return Err(needs_engine(task, "judge")),
    };
    Ok(f64::from(u8::from(right)))
}

fn needs_engine(task: &Task, scorer: &'static str) -> ScoreError {
    ScoreError::NeedsEngine {
        task_id: task.task_id.clone(),
        scorer,
    }
}

fn malformed(task: &Task, wanted: &'static str, problem: impl ToString) -> ScoreError {
    ScoreError::Reference {
        task_id: task.task_id.clone(),
        wanted,
        problem: problem.to_string(),
    }
}

/// Lower case, with every run of white space as one space.
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn matches_expression(task: &Task, answer: &str) -> Result<bool, ScoreError> {
    let expression = RegexBuilder::new(&task.reference_answer)
        .size_limit(REGEX_SIZE_LIMIT)
        .dfa_size_limit(REGEX_SIZE_LIMIT)
        .build()
        .map_err(|error| malformed(task, "a regular expression", error))?;
    Ok(expression.is_match(answer))
}

fn equals_number(task: &Task, answer: &str) -> Result<bool, ScoreError> {
    let wanted = last_number(&task.reference_answer).ok_or_else(|| malformed(task, "a number", "it has no digits"))?;
    Ok(last_number(answer).is_some_and(|found| close(found, wanted)))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= NUMBER_TOLERANCE * a.abs().max(b.abs())
}

/// The last number in a text. `1,234.5`, `$7`, `-3e2` and `20%` (read as 20) are numbers.
fn last_number(text: &str) -> Option<f64> {
    number_pieces(text).filter_map(parse_number).last()
}

/// The longest runs of characters that may occur in numbers.
fn number_pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | '-' | '+')))
}

fn parse_number(piece: &str) -> Option<f64> {
    let piece = piece
        .trim_end_matches(['.', ',', '-', '+'])
        .trim_start_matches(['.', ',']);
    let unsigned = piece.rsplit_once(|c: char| c.is_ascii_digit()).map(|_| piece)?;
    let number = unsigned
        .replace(',', "")
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite());
    number.or_else(|| last_plain_number(unsigned))
}

/// The last run of digits and points inside mixed text such as `x=7kg` or `3-5`.
fn last_plain_number(piece: &str) -> Option<f64> {
    piece
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))
        .filter_map(|run| run.trim_matches(['.', ',']).replace(',', "").parse::<f64>().ok())
        .rfind(|number| number.is_finite())
}

fn equals_json(task: &Task, answer: &str) -> Result<bool, ScoreError> {
    let wanted: serde_json::Value =
        serde_json::from_str(&task.reference_answer).map_err(|error| malformed(task, "JSON", error))?;
    Ok(serde_json::from_str::<serde_json::Value>(unfenced(answer)).is_ok_and(|found| same_json(&found, &wanted)))
}

/// The text inside a Markdown code fence, if the whole answer is fenced; otherwise the trimmed answer.
fn unfenced(answer: &str) -> &str {
    let trimmed = answer.trim();
    let inside = trimmed.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inside.map_or(trimmed, |inside| inside.trim_start_matches("json").trim())
}

/// Whether two JSON values are equal, where 1 and 1.0 are the same number.
fn same_json(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (a, b) {
        (Number(a), Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Object(a), Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

/// Scores an answer with a program, which reads the task and the answer as JSON from stdin and prints `{"score": x}`.
///
/// # Errors
/// No program is set, it fails, or it does not print a score from 0 to 1.
pub(crate) fn score_by_program(program: &Program, task: &Task, answer: &str) -> Result<f64, String> {
    if program.run.is_empty() {
        return Err(format!(
            "task {} has scorer `command`, but [benchmark] scorer_command is not set",
            task.task_id
        ));
    }
    let question = serde_json::json!({"task": task, "answer": answer}).to_string();
    let ended = program
        .run(Some(question.as_bytes()))
        .map_err(|error| error.to_string())?;
    let reply: Option<serde_json::Value> = serde_json::from_slice(&ended.stdout).ok();
    let score = reply
        .and_then(|reply| reply.get("score")?.as_f64())
        .filter(|score| (0.0..=1.0).contains(score));
    score.filter(|_| ended.status.success()).ok_or_else(|| {
        format!(
            "`{}` did not print {{\"score\": 0..1}}: {}",
            program.name(),
            ended.complaint()
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(scorer: &str, reference: &str) -> Task {
        serde_json::from_value(serde_json::json!({
            "task_id": "t", "query": "q", "reference_answer": reference, "scorer": scorer
        }))
        .unwrap()
    }

    #[test]
    fn answers_are_worth_one_or_nothing() {
        for (scorer, reference, answer, expected) in [
            ("exact", "Card Arrival", "  card   arrival\n", 1.0),
            ("exact_label", "oos", "oos!", 0.0),
            ("contains", "paris", "It is PARIS.", 1.0),
            ("contains", "paris", "London", 0.0),
            ("regex", "^a+$", "aaa", 1.0),
            ("regex", "^a+$", "ab", 0.0),
            ("number", "1,234.5", "so it costs $1234.50.", 1.0),
            ("number", "20", "It went up by 20%", 1.0),
            ("number", "-3", "10 - 13 = -3", 1.0),
            ("number", "7", "between 3 and 8", 0.0),
            ("number", "7", "none", 0.0),
            ("number", "7", "x=7kg", 1.0),
            ("number", "3e2", "300", 1.0),
            ("number", "0", "0.0", 1.0),
            ("number", "5", "3-5", 1.0),
            ("json", r#"{"a":1,"b":[2]}"#, "```json\n{\"b\":[2.0],\"a\":1}\n```", 1.0),
            ("json", r#"{"a":1}"#, r#"{"a":1,"b":2}"#, 0.0),
            ("json", "[1]", "not json", 0.0),
        ] {
            assert_eq!(
                score(&task(scorer, reference), answer),
                Ok(expected),
                "{scorer} {reference} {answer}"
            );
        }
    }

    #[test]
    fn what_cannot_be_scored_says_why() {
        for (scorer, reference, words) in [
            ("command", "x", "needs an engine"),
            ("judge", "x", "needs an engine"),
            ("regex", "(", "regular expression"),
            ("regex", r"(\w{1000}){1000}", "regular expression"),
            ("number", "none", "number"),
            ("json", "{", "JSON"),
        ] {
            let message = score(&task(scorer, reference), "y").unwrap_err().to_string();
            assert!(message.contains(words) && message.contains("task t"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn scores_are_zero_or_one_for_any_text(reference in ".*", answer in ".*") {
            for scorer in ["exact", "contains", "regex", "number", "json"] {
                if let Ok(worth) = score(&task(scorer, &reference), &answer) {
                    prop_assert!(worth == 0.0 || worth == 1.0);
                }
            }
        }

        #[test]
        fn every_number_equals_itself(number in -1e12f64..1e12) {
            prop_assert_eq!(score(&task("number", &number.to_string()), &format!("it is {number}.")), Ok(1.0));
        }
    }
}
