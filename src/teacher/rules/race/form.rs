//! The form of an agent's right answers, read off the references of its train tasks.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json_schema;
use crate::artifact::task::{Scorer, Task};

/// The largest number of labels of a closed set.
const MOST_LABELS: usize = 200;
/// The longest label, in bytes.
const LONGEST_LABEL: usize = 60;
/// Each label of a closed set has at least this many tasks on average.
const TASKS_PER_LABEL: usize = 3;

/// The form of the right answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnswerForm {
    /// What an answer is.
    pub kind: AnswerKind,
    /// Whether no right answer has a line break.
    pub one_line: bool,
    /// The longest right answer, in bytes.
    pub longest: usize,
    /// Whether an answer must equal the reference, so that further words make it wrong.
    pub exact: bool,
}

/// What a right answer is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnswerKind {
    /// One of these labels, sorted.
    Label(Vec<String>),
    /// A JSON object with this schema.
    Object(Value),
    /// A number.
    Number,
    /// Any other text.
    Text,
}

impl AnswerForm {
    /// The form of the references of these tasks.
    pub(super) fn of(tasks: &[&Task]) -> Self {
        let answers: Vec<String> = tasks.iter().filter_map(|task| shown_answer(task)).collect();
        let all = |scorers: &[Scorer]| !tasks.is_empty() && tasks.iter().all(|task| scorers.contains(&task.scorer));
        let kind = if all(&[Scorer::Exact, Scorer::Contains]) {
            labels(tasks).map_or(AnswerKind::Text, AnswerKind::Label)
        } else if all(&[Scorer::Json]) {
            let values: Option<Vec<Value>> = answers.iter().map(|text| serde_json::from_str(text).ok()).collect();
            let schema = values.and_then(|values| json_schema::of_objects(&values));
            schema.map_or(AnswerKind::Text, AnswerKind::Object)
        } else if all(&[Scorer::Number]) {
            AnswerKind::Number
        } else {
            AnswerKind::Text
        };
        Self {
            kind,
            one_line: !answers.is_empty() && answers.iter().all(|answer| !answer.contains('\n')),
            longest: answers.iter().map(String::len).max().unwrap_or_default(),
            exact: all(&[Scorer::Exact]),
        }
    }

    /// Whether an answer has the form; true if the form is any text.
    pub(super) fn fits(&self, answer: &str) -> bool {
        match &self.kind {
            AnswerKind::Label(labels) => labels.iter().any(|label| label == answer.trim()),
            AnswerKind::Object(_) => serde_json::from_str::<Value>(answer).is_ok_and(|value| value.is_object()),
            AnswerKind::Number => answer.chars().any(char::is_numeric),
            AnswerKind::Text => true,
        }
    }
}

/// The reference as an answer to show the student; `None` if the scorer's reference is no answer itself.
pub(super) fn shown_answer(task: &Task) -> Option<String> {
    let reference = &task.reference_answer;
    let text = match task.scorer {
        // Its keys are sorted, as in the schema that may be enforced: servers give the keys in the order of the schema.
        Scorer::Json => serde_json::from_str::<Value>(reference.json_text()).ok()?.to_string(),
        Scorer::Exact | Scorer::Contains | Scorer::Number | Scorer::Judge => reference.as_str().to_owned(),
        Scorer::Regex | Scorer::Command | Scorer::Run | Scorer::Loads => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// The labels, if the references are a closed set of short names.
fn labels(tasks: &[&Task]) -> Option<Vec<String>> {
    let labels: BTreeSet<&str> = tasks.iter().map(|task| task.reference_answer.as_str()).collect();
    let is_name = |label: &&str| {
        label.len() <= LONGEST_LABEL && !label.contains(['\n', '\r']) && label.chars().any(char::is_alphanumeric)
    };
    let is_one = tasks.iter().all(|task| task.reference_answer.accepted().len() == 1);
    let is_closed = (2..=MOST_LABELS).contains(&labels.len()) && tasks.len() >= TASKS_PER_LABEL * labels.len();
    let all_names = is_one && is_closed && labels.iter().all(is_name);
    all_names.then(|| labels.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(scorer: &str, references: &[Value]) -> AnswerForm {
        let task = |(at, reference): (usize, &Value)| -> Task {
            serde_json::from_value(json!({
                "task_id": at.to_string(), "query": "q", "reference_answer": reference, "scorer": scorer
            }))
            .unwrap()
        };
        let tasks: Vec<Task> = references.iter().enumerate().map(task).collect();
        AnswerForm::of(&tasks.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_form_is_read_off_the_references() {
        let labels = |names: &[&str]| AnswerKind::Label(names.iter().map(|&name| name.to_owned()).collect());
        let text = |names: &[&str], times: usize| -> Vec<Value> {
            names.iter().flat_map(|name| vec![json!(name); times]).collect()
        };
        for (scorer, references, kind) in [
            ("exact", text(&["b", "a"], 3), labels(&["a", "b"])),
            (
                "contains",
                text(&["no", "yes please"], 4),
                labels(&["no", "yes please"]),
            ),
            ("exact", text(&["a", "b"], 1), AnswerKind::Text),
            ("exact", text(&["a"], 9), AnswerKind::Text),
            ("exact", text(&["a\nb", "c"], 5), AnswerKind::Text),
            ("exact", vec![json!(["a", "b"]); 9], AnswerKind::Text),
            ("number", text(&["1", "2"], 3), AnswerKind::Number),
            ("judge", text(&["a", "b"], 3), AnswerKind::Text),
            ("json", text(&["[1]"], 3), AnswerKind::Text),
        ] {
            assert_eq!(form(scorer, &references).kind, kind, "{scorer} {references:?}");
        }
        let object = form("json", &[json!({"n": 1}), json!("{\n\"n\": 2}")]);
        assert!(matches!(&object.kind, AnswerKind::Object(schema) if schema["properties"]["n"]["type"] == "integer"));
        assert!(object.one_line && !object.exact);
        assert_eq!(
            form("exact", &[json!("é"), json!("a\nb")]),
            AnswerForm {
                kind: AnswerKind::Text,
                one_line: false,
                longest: 3,
                exact: true
            }
        );
        assert!(!form("regex", &[json!("a+")]).one_line);
    }
}
