//! One message of a conversation with a model.

use serde::{Deserialize, Serialize};

use super::reply::ToolCall;

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// What the model is told or asked.
    User {
        /// The words.
        text: String,
    },
    /// What the model said.
    Assistant {
        /// The words; may be empty beside tool calls.
        text: String,
        /// The tools that it called.
        calls: Vec<ToolCall>,
    },
    /// What a tool gave back.
    Tool {
        /// The call that it answers.
        call_id: String,
        /// The tool's name.
        name: String,
        /// The result.
        text: String,
    },
}

impl Message {
    /// A message to the model.
    pub(crate) fn user(text: impl Into<String>) -> Self {
        Self::User { text: text.into() }
    }

    /// The words of the message, and those of its tool calls.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let (text, calls): (&str, &[ToolCall]) = match self {
            Message::User { text } | Message::Tool { text, .. } => (text, &[]),
            Message::Assistant { text, calls } => (text, calls),
        };
        std::iter::once(text).chain(calls.iter().map(|call| call.raw.as_str()))
    }
}
