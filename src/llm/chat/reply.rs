//! What a model said.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::artifact::usage::Usage;

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It was done.
    End,
    /// It wants tools to be called.
    Tools,
    /// It ran into its token limit: what it said is cut off.
    Length,
    /// It was stopped by a filter, or declined.
    Refusal,
}

/// A tool that the model wants to be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's name for this call.
    pub id: String,
    /// The tool's name; untrusted.
    pub name: String,
    /// The arguments as the model wrote them.
    pub raw: String,
}

impl ToolCall {
    /// The arguments as an object.
    ///
    /// Nothing at all is an empty object: servers send it for tools without parameters. A text that is cut off or no
    /// object is an error, and never an empty object.
    ///
    /// # Errors
    /// What is wrong with them, for the model.
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

/// What a model said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The words; may be empty beside tool calls.
    pub text: String,
    /// The tools that it called.
    pub calls: Vec<ToolCall>,
    /// Why it stopped.
    pub stop: Stop,
    /// The tokens that it took; `None` when the server does not say.
    pub usage: Option<Usage>,
    /// The model that answered, as the server names it.
    pub model: Option<String>,
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
