//! What a model is asked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::message::Message;

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What the model reads about it.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// The JSON that the model must answer with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// A name for the provider.
    pub name: String,
    /// JSON Schema of the answer, an object.
    pub schema: Value,
}

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The model in place of the configured one.
    pub model: Option<String>,
    /// What stands above the conversation; empty for none.
    pub system: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// Tools that may be called.
    pub tools: Vec<ToolSpec>,
    /// The JSON that the answer must be, where the server can hold the model to it.
    pub shape: Option<Shape>,
    /// Tokens of the answer, at most, in place of the configured number.
    pub max_tokens: Option<u64>,
    /// Further parameters, by the provider's own names; they win over the configured ones.
    pub parameters: Map<String, Value>,
    /// Source of chance, where the server takes one. It tells two questions with the same words apart.
    pub seed: Option<u64>,
    /// Which repetition of the same question this is. It is not sent: it tells what is remembered apart, so that a server
    /// without a seed is asked anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeat: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
