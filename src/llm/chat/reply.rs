//! The reply of a model.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::artifact::spending::Usage;

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The answer is complete.
    End,
    /// The model calls tools.
    Tools,
    /// The token limit was reached: the answer is truncated.
    Length,
    /// A filter stopped the model, or it refused.
    Refusal,
}

/// A tool call by the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id for this call.
    pub id: String,
    /// The tool's name; untrusted.
    pub name: String,
    /// The arguments, exactly as the model wrote them.
    pub raw: String,
}

impl ToolCall {
    /// The arguments as an object.
    ///
    /// An empty text means an empty object: servers send it for tools without parameters. A truncated text, or one that
    /// is not an object, is an error and never read as an empty object.
    ///
    /// # Errors
    /// The problem, in words for the model.
    pub(crate) fn arguments(&self) -> Result<Map<String, Value>, String> {
        if self.raw.trim().is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_str(&self.raw) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err("the arguments are not a JSON object".to_owned()),
            Err(error) => Err(format!("the arguments are not JSON ({error})")),
        }
    }
}

/// The reply of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The text; may be empty if there are tool calls.
    pub text: String,
    /// What the model thought before it answered, if the server shows it; no part of the answer.
    #[serde(default)]
    pub thoughts: String,
    /// The tool calls.
    pub calls: Vec<ToolCall>,
    /// Why the model stopped.
    pub stop: Stop,
    /// The tokens used; `None` when the server does not report them.
    pub usage: Option<Usage>,
    /// The model that answered, as reported by the server.
    pub model: Option<String>,
}

impl Reply {
    /// Whether it has neither text nor thoughts nor tool calls.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty() && [&self.text, &self.thoughts].iter().all(|text| text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_cut_off_are_never_an_empty_object() {
        let call = |raw: &str| ToolCall {
            id: "1".into(),
            name: "t".into(),
            raw: raw.into(),
        };
        assert_eq!(call(r#"{"a": 1}"#).arguments().unwrap()["a"], 1);
        assert!(call(" ").arguments().unwrap().is_empty());
        for raw in ["{", r#"{"a": "#, "[]", "null", "\"x\"", "{} {}"] {
            assert!(call(raw).arguments().is_err(), "{raw}");
        }
    }
}
