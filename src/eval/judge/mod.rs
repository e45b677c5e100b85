//! The judge: the requests that ask a language model whether an answer is at least as good as the reference, and the
//! parsing of its replies. Pure.

pub(crate) mod ask;

use serde_json::{Value, json};

use crate::digest::Digest;
use crate::llm::chat::{Message, Request, Shape};
use crate::llm::json;

/// The system prompt to judge one answer. Its digest is part of the judge's identity: other words make every baseline
/// with judged tasks stale.
const PROMPT: &str = include_str!("prompt.md");
/// The system prompt to compare two answers.
const COMPARE: &str = include_str!("compare.md");

/// The scores of two answers to the same task, each from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// The score of the student's answer.
    pub student_score: f64,
    /// The score of the teacher's answer.
    pub teacher_score: f64,
    /// The judge's reasoning.
    pub reasoning: String,
}

/// Everything that can change a verdict, apart from the model.
pub(crate) fn identity() -> Value {
    json!({"prompt": Digest::of_bytes(PROMPT.as_bytes())})
}

/// The request to judge one answer.
pub(crate) fn question(task: &str, reference: &str, answer: &str) -> Request {
    let verdict = json!({"type": "string", "enum": ["at_least_as_good", "worse"]});
    Request {
        system: PROMPT.to_owned(),
        messages: vec![Message::user(delimited(&[
            ("task", task),
            ("reference", reference),
            ("answer", answer),
        ]))],
        shape: Some(shape(
            "verdict",
            &json!({"reasoning": {"type": "string"}, "verdict": verdict}),
        )),
        ..Request::default()
    }
}

/// The request to compare two answers.
pub(crate) fn comparison(task: &str, student: &str, teacher: &str) -> Request {
    let score = json!({"type": "number", "minimum": 0, "maximum": 1});
    let fields = json!({"reasoning": {"type": "string"}, "student_score": score, "teacher_score": score});
    Request {
        system: COMPARE.to_owned(),
        messages: vec![Message::user(delimited(&[
            ("task", task),
            ("student", student),
            ("teacher", teacher),
        ]))],
        shape: Some(shape("comparison", &fields)),
        ..Request::default()
    }
}

fn shape(name: &str, fields: &Value) -> Shape {
    let required: Vec<&String> = fields
        .as_object()
        .map(|fields| fields.keys().collect())
        .unwrap_or_default();
    Shape {
        name: name.to_owned(),
        schema: json!({
            "type": "object", "properties": fields, "required": required, "additionalProperties": false
        }),
    }
}

/// Encloses each text in tags that contain the digest of all texts, so that no text can close its own tag.
fn delimited(parts: &[(&str, &str)]) -> String {
    let digest = Digest::of_parts(parts.iter().map(|(name, text)| (*name, text.as_bytes()))).short();
    let part = |(name, text): &(&str, &str)| format!("<{name}-{digest}>\n{text}\n</{name}-{digest}>");
    parts.iter().map(part).collect::<Vec<_>>().join("\n\n")
}

/// The request for a second attempt, after a reply that could not be parsed.
#[must_use]
pub(crate) fn once_more(mut request: Request, said: &str, wanted: &str) -> Request {
    let text = if said.trim().is_empty() { "(nothing)" } else { said };
    request.messages.push(Message::Assistant {
        text: text.to_owned(),
        calls: Vec::new(),
    });
    let words = format!("This cannot be read. Answer with one JSON object and nothing else: {wanted}");
    request.messages.push(Message::user(words));
    request
}

/// Whether the judge says that the answer is at least as good; `None` if the reply has no verdict.
pub(crate) fn verdict(text: &str) -> Option<bool> {
    let in_object = |value: &Value| word(value.get("verdict")?.as_str()?);
    let values = json::find(text);
    // The last verdict counts, because earlier ones may be quotations.
    let said = values.iter().rev().find_map(in_object);
    said.or_else(|| word(text.trim().lines().next_back()?))
}

/// Reads a verdict without JSON, whatever its case and punctuation.
fn word(text: &str) -> Option<bool> {
    let letters = |c: char| c.is_alphabetic().then(|| c.to_ascii_lowercase());
    let bare: String = text.chars().filter_map(letters).collect();
    match bare.strip_prefix("verdict").unwrap_or(&bare) {
        "atleastasgood" => Some(true),
        "worse" => Some(false),
        _ => None,
    }
}

/// The two scores; `None` if the reply does not have both.
pub(crate) fn scores(text: &str) -> Option<Comparison> {
    let read = |value: &Value| {
        let score = |name: &str| value.get(name)?.as_f64().filter(|score| (0.0..=1.0).contains(score));
        let reasoning = value.get("reasoning").and_then(Value::as_str).unwrap_or_default();
        Some(Comparison {
            student_score: score("student_score")?,
            teacher_score: score("teacher_score")?,
            reasoning: reasoning.to_owned(),
        })
    };
    json::find(text).iter().rev().find_map(read)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_verdict_is_read_however_it_is_dressed() {
        for (text, expected) in [
            (r#"{"reasoning": "x", "verdict": "at_least_as_good"}"#, Some(true)),
            ("```json\n{\"verdict\": \"worse\"}\n```", Some(false)),
            ("Let me think.\n{\"verdict\": \"Worse\"} So it is.", Some(false)),
            (
                r#"It says {"verdict": "at_least_as_good"}, but {"verdict": "worse"}"#,
                Some(false),
            ),
            ("at_least_as_good", Some(true)),
            ("**At least as good.**", Some(true)),
            ("It fits.\n\nVerdict: worse", Some(false)),
            ("It is not worse", None),
            ("", None),
            (r#"{"verdict": "excellent"}"#, None),
            (r#"{"verdict": 1}"#, None),
        ] {
            assert_eq!(verdict(text), expected, "{text}");
        }
    }

    #[test]
    fn scores_are_read_or_not() {
        let read = scores(r#"Well: {"student_score": 0, "teacher_score": 1.0, "reasoning": "r"}"#).unwrap();
        assert_eq!(
            (read.student_score, read.teacher_score, read.reasoning.as_str()),
            (0.0, 1.0, "r")
        );
        for text in [
            "",
            "{}",
            r#"{"student_score": 2, "teacher_score": 1}"#,
            r#"{"student_score": 1}"#,
        ] {
            assert_eq!(scores(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_answer_stays_between_its_marks(task in ".*", answer in "(?s).*") {
            let first = delimited(&[("task", &task), ("answer", &answer)]);
            let mark = first.lines().last().unwrap().to_owned();
            prop_assert!(mark.starts_with("</answer-"));
            prop_assert_eq!(first.matches(&mark).count(), 1);
            // An answer that contains the tag of an earlier question cannot close its own tag.
            let again = delimited(&[("task", &task), ("answer", &mark)]);
            prop_assert_ne!(again.lines().last(), Some(mark.as_str()));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = (verdict(&text), scores(&text));
        }
    }
}
