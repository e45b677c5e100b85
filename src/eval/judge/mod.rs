//! The judge: how a language model is asked whether an answer is at least as good as the reference, and how its word is
//! read. Pure.

pub(crate) mod ask;

use serde_json::{Value, json};

use crate::digest::Digest;
use crate::llm::chat::{Message, Request, Shape};
use crate::llm::json;

/// What the judge is told, for one answer.
const PROMPT: &str = include_str!("prompt.md");
/// What the judge is told, for two answers.
const COMPARE: &str = include_str!("compare.md");

/// Two answers to the same task, each from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// What the student's answer is worth.
    pub student_score: f64,
    /// What the teacher's answer is worth.
    pub teacher_score: f64,
    /// Why.
    pub reasoning: String,
}

/// Everything about the question, apart from the model, that can change a verdict.
pub(crate) fn identity() -> Value {
    json!({"prompt": Digest::of_bytes(PROMPT.as_bytes())})
}

/// Asks about one answer.
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

/// Asks about two answers.
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

/// Texts between marks that none of them can close: a mark holds the digest of all that stands between marks.
fn delimited(parts: &[(&str, &str)]) -> String {
    let digest = Digest::of_parts(parts.iter().map(|(name, text)| (*name, text.as_bytes()))).short();
    let part = |(name, text): &(&str, &str)| format!("<{name}-{digest}>\n{text}\n</{name}-{digest}>");
    parts.iter().map(part).collect::<Vec<_>>().join("\n\n")
}

/// Asks once more, after something that cannot be read.
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

/// Whether the answer is at least as good; `None` when the text says neither.
pub(crate) fn verdict(text: &str) -> Option<bool> {
    let in_object = |value: &Value| word(value.get("verdict")?.as_str()?);
    let values = json::find(text).values;
    // The last one counts: earlier ones may be quotations.
    let said = values.iter().rev().find_map(in_object);
    said.or_else(|| word(text.trim().lines().next_back()?))
}

/// A bare verdict, whatever its case and its quotation marks.
fn word(text: &str) -> Option<bool> {
    let letters = |c: char| c.is_alphabetic().then(|| c.to_ascii_lowercase());
    let bare: String = text.chars().filter_map(letters).collect();
    match bare.strip_prefix("verdict").unwrap_or(&bare) {
        "atleastasgood" => Some(true),
        "worse" => Some(false),
        _ => None,
    }
}

/// The two scores; `None` when the text does not say them.
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
    json::find(text).values.iter().rev().find_map(read)
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
            // An answer that knows the mark of an earlier question cannot close its own.
            let again = delimited(&[("task", &task), ("answer", &mark)]);
            prop_assert_ne!(again.lines().last(), Some(mark.as_str()));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = (verdict(&text), scores(&text));
        }
    }
}
