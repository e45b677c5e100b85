//! What a tool answers a client.

use serde_json::{Value, json};

/// What a tool answers.
pub(crate) struct Answer {
    /// JSON, or the text of a file.
    pub text: String,
    /// Whether the call failed.
    pub is_error: bool,
}

impl Answer {
    /// An answer.
    pub(crate) fn json(value: &Value) -> Self {
        Self {
            text: value.to_string(),
            is_error: false,
        }
    }

    /// A failure, in words for the client.
    pub(crate) fn error(problem: impl Into<String>) -> Self {
        Self {
            text: json!({"error": problem.into()}).to_string(),
            is_error: true,
        }
    }

    /// All that is wrong with a submission.
    pub(crate) fn problems(problems: &[String]) -> Self {
        Self {
            text: json!({"error": "nothing was written", "problems": problems}).to_string(),
            is_error: true,
        }
    }
}
