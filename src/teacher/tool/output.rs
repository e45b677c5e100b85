//! The output of a tool: JSON or plain text, redacted before it leaves.

use serde_json::{Value, json};

use crate::llm::redact::Redactor;

/// The redacted output of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolOutput {
    /// JSON, or the text of a file.
    pub text: String,
    /// How to get the rest of a part, as JSON.
    pub note: Option<String>,
    /// The ids of the traces in the output.
    pub traces: Vec<String>,
}

impl ToolOutput {
    /// The whole output, for a reader of one text.
    pub(crate) fn whole(&self) -> String {
        match &self.note {
            Some(note) => format!("{}\n{note}", self.text),
            None => self.text.clone(),
        }
    }

    /// An error, as `{"error": …}`.
    pub(super) fn error(problem: impl Into<String>, redactor: &Redactor) -> Self {
        RawOutput::json(json!({"error": problem.into()})).redacted(redactor)
    }
}

/// The output of a tool before redaction.
pub(super) struct RawOutput {
    words: Words,
    note: Option<Value>,
    traces: Vec<String>,
}

enum Words {
    Json(Value),
    Text(String),
}

impl RawOutput {
    /// An output of JSON.
    pub(crate) fn json(value: Value) -> Self {
        let words = Words::Json(value);
        Self {
            words,
            note: None,
            traces: Vec::new(),
        }
    }

    /// An output of text: the content of a file, or a sentence.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let words = Words::Text(text.into());
        Self {
            words,
            note: None,
            traces: Vec::new(),
        }
    }

    /// Adds the note about a part.
    pub(crate) fn noting(mut self, note: Option<Value>) -> Self {
        self.note = note;
        self
    }

    /// Adds the ids of traces in the output.
    pub(crate) fn showing(mut self, traces: impl IntoIterator<Item = String>) -> Self {
        self.traces.extend(traces);
        self
    }

    /// Redacts the output.
    pub(crate) fn redacted(self, redactor: &Redactor) -> ToolOutput {
        let text = match self.words {
            Words::Text(text) => redactor.text(&text).into_owned(),
            Words::Json(mut value) => {
                redactor.value(&mut value);
                value.to_string()
            }
        };
        ToolOutput {
            text,
            note: self.note.map(|note| note.to_string()),
            traces: self.traces,
        }
    }
}

/// The first `most` characters of a text, followed by `mark` if there were more. The text is redacted before it is cut,
/// because half a key would not be recognized.
pub(super) fn cut(redactor: &Redactor, text: &str, most: usize, mark: impl FnOnce(usize) -> String) -> String {
    let text = redactor.text(text);
    match text.char_indices().nth(most) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}{}", &text[..end], mark(text.chars().count())),
    }
}
