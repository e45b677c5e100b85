//! What a tool says: JSON or plain text, redacted on its way out.

use serde_json::{Value, json};

use crate::llm::redact::Redactor;

/// What a tool said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolOutput {
    /// The words, redacted: JSON, or the text of a file.
    pub text: String,
    /// Ids of the traces that were shown.
    pub traces: Vec<String>,
}

impl ToolOutput {
    /// An error, as `{"error": …}`.
    pub(super) fn error(problem: impl Into<String>, redactor: &Redactor) -> Self {
        Said::json(json!({"error": problem.into()})).told(redactor)
    }
}

/// What a tool says, before it is redacted.
pub(super) struct Said {
    words: Words,
    traces: Vec<String>,
}

enum Words {
    Json(Value),
    Text(String),
}

impl Said {
    /// A value.
    pub(crate) fn json(value: Value) -> Self {
        let words = Words::Json(value);
        Self {
            words,
            traces: Vec::new(),
        }
    }

    /// The text of a file, or a sentence.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let words = Words::Text(text.into());
        Self {
            words,
            traces: Vec::new(),
        }
    }

    /// These traces were shown.
    pub(crate) fn showing(mut self, traces: impl IntoIterator<Item = String>) -> Self {
        self.traces.extend(traces);
        self
    }

    /// Redacts it.
    pub(crate) fn told(self, redactor: &Redactor) -> ToolOutput {
        let text = match self.words {
            Words::Text(text) => redactor.text(&text).into_owned(),
            Words::Json(mut value) => {
                redactor.value(&mut value);
                value.to_string()
            }
        };
        let traces = self.traces;
        ToolOutput { text, traces }
    }
}

/// The first characters of a text, and `mark` behind them when there were more. Redacted before it is cut: half a key is
/// not known as one.
pub(super) fn cut(redactor: &Redactor, text: &str, most: usize, mark: impl FnOnce(usize) -> String) -> String {
    let text = redactor.text(text);
    match text.char_indices().nth(most) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}{}", &text[..end], mark(text.chars().count())),
    }
}
