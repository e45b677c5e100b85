//! How a language model is reached: the keys that `[teacher]`, `[student]` and `[judge]` share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A provider's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Chat completions, as OpenAI and most local servers speak them.
    #[default]
    Openai,
    /// Messages, as Anthropic speaks them.
    Anthropic,
    /// Ollama's own.
    Ollama,
}

impl Api {
    /// Where the provider listens when the manifest does not say.
    pub(crate) fn base_url(self) -> &'static str {
        match self {
            Api::Openai => "https://api.openai.com/v1",
            Api::Anthropic => "https://api.anthropic.com",
            Api::Ollama => "http://127.0.0.1:11434",
        }
    }

    /// The environment variable that holds the key when the manifest does not say.
    pub(crate) fn key_variable(self) -> Option<&'static str> {
        match self {
            Api::Openai => Some("OPENAI_API_KEY"),
            Api::Anthropic => Some("ANTHROPIC_API_KEY"),
            Api::Ollama => None,
        }
    }
}

/// `[judge]`, and what `[teacher]` and `[student]` say of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChatSettings {
    /// `openai`, `anthropic` or `ollama`.
    pub api: Api,
    /// Where the server listens; absent: the provider's own address.
    pub base_url: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// The environment variable that holds the key; absent: the provider's usual one.
    pub api_key_env: Option<String>,
    /// Tokens of one answer, at most.
    pub max_tokens: Option<u64>,
    /// 0 to 2; absent: not sent, as some models refuse any.
    pub temperature: Option<f64>,
    /// Whether the server is asked to hold the model to a JSON Schema.
    pub json_schema: Option<bool>,
    /// Further fields of the request's body, sent as they are.
    pub body: BTreeMap<String, serde_json::Value>,
}

impl ChatSettings {
    /// Where the server listens, without a closing slash.
    pub(crate) fn url(&self) -> &str {
        let url = self.base_url.as_deref().unwrap_or(self.api.base_url());
        url.trim_end_matches('/')
    }

    /// The environment variable with the key.
    pub(crate) fn key_variable(&self) -> Option<&str> {
        self.api_key_env.as_deref().or(self.api.key_variable())
    }
}

/// `[network]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSection {
    /// Seconds for one call, from the connection to the last byte.
    pub timeout_seconds: u64,
    /// How often a call is made at most, when the server is busy or broken.
    pub attempts: u32,
    /// Seconds that a server may ask to wait; more ends the phase.
    pub max_wait_seconds: u64,
}

impl Default for NetworkSection {
    fn default() -> Self {
        Self {
            timeout_seconds: 120,
            attempts: 5,
            max_wait_seconds: 60,
        }
    }
}

/// Dollars for a million tokens of one model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Read.
    pub input: f64,
    /// Written.
    pub output: f64,
    /// Read from a cache; absent: as `input`.
    #[serde(default)]
    pub cache_read: Option<f64>,
    /// Written into a cache; absent: as `input`.
    #[serde(default)]
    pub cache_write: Option<f64>,
}

impl Price {
    /// Nothing that a price could not be.
    pub(super) fn is_sound(&self) -> bool {
        let all = [Some(self.input), Some(self.output), self.cache_read, self.cache_write];
        all.into_iter().flatten().all(|price| (0.0..=1e6).contains(&price))
    }
}
