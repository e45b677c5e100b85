//! A request to a model: its messages, its tools, and the shape of the reply.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::reply::ToolCall;

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// A message to the model.
    User {
        /// The text.
        text: String,
    },
    /// An earlier reply of the model.
    Assistant {
        /// The text; may be empty if there are tool calls.
        text: String,
        /// The tool calls.
        calls: Vec<ToolCall>,
    },
    /// The result of a tool call.
    Tool {
        /// The id of the call.
        call_id: String,
        /// The tool's name.
        name: String,
        /// The result.
        text: String,
    },
}

impl Message {
    /// Creates a message to the model.
    pub(crate) fn user(text: impl Into<String>) -> Self {
        Self::User { text: text.into() }
    }

    /// The text of the message, and the arguments of its tool calls.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let (text, calls): (&str, &[ToolCall]) = match self {
            Message::User { text } | Message::Tool { text, .. } => (text, &[]),
            Message::Assistant { text, calls } => (text, calls),
        };
        std::iter::once(text).chain(calls.iter().map(|call| call.raw.as_str()))
    }
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The tool's name.
    pub name: String,
    /// The description for the model.
    pub description: String,
    /// JSON Schema of the arguments; an object.
    pub parameters: Value,
}

/// The JSON format of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The name of the format, for the provider.
    pub name: String,
    /// JSON Schema of the answer; an object.
    pub schema: Value,
}

/// A request to a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The model, if it differs from the configured one.
    pub model: Option<String>,
    /// The system prompt; may be empty.
    pub system: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// Tools that the model may call.
    pub tools: Vec<ToolSpec>,
    /// The required JSON format of the answer, for servers that can enforce one.
    pub shape: Option<Shape>,
    /// Maximum number of tokens in the answer, if it differs from the configured number.
    pub max_tokens: Option<u64>,
    /// Further parameters, under the provider's names; they override the configured ones.
    pub parameters: Map<String, Value>,
    /// Random seed, for servers that accept one. Requests that differ only in the seed are distinct for the cache.
    pub seed: Option<u64>,
    /// Number of the repetition of the same request. It is not sent: it is part of the cache key, so that a server
    /// without seeds is asked again.
    #[serde(default, skip_serializing_if = "crate::artifact::is_zero")]
    pub repeat: u64,
}

impl Request {
    /// The repetition that is always sent: the store of calls does not answer it.
    pub(crate) const LIVE: u64 = u64::MAX;
}
