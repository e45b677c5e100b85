//! Settings of a language model: the keys that `[teacher]`, `[student]` and `[judge]` share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::Money;

/// A provider's request format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Chat completions, the format of OpenAI and most local servers.
    #[default]
    Openai,
    /// Messages, the format of Anthropic.
    Anthropic,
    /// The native format of Ollama.
    Ollama,
}

impl Api {
    /// The base URL when the manifest sets none.
    pub(crate) fn base_url(self) -> &'static str {
        match self {
            Api::Openai => "https://api.openai.com/v1",
            Api::Anthropic => "https://api.anthropic.com",
            Api::Ollama => "http://127.0.0.1:11434",
        }
    }

    /// The environment variable with the key when the manifest names none.
    pub(crate) fn key_variable(self) -> Option<&'static str> {
        match self {
            Api::Openai => Some("OPENAI_API_KEY"),
            Api::Anthropic => Some("ANTHROPIC_API_KEY"),
            Api::Ollama => None,
        }
    }
}

/// `[judge]`, and the part of `[teacher]` and `[student]` that describes a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChatSettings {
    /// `openai`, `anthropic` or `ollama`.
    pub api: Api,
    /// The server's base URL; absent: the provider's default.
    pub base_url: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// The environment variable that holds the key; absent: the provider's default.
    pub api_key_env: Option<String>,
    /// Maximum number of tokens in one answer.
    pub max_tokens: Option<u64>,
    /// 0 to 2; absent: not sent, because some models reject this parameter.
    pub temperature: Option<f64>,
    /// Whether to ask the server to enforce a JSON Schema.
    pub json_schema: Option<bool>,
    /// Additional fields of the request body, sent unchanged.
    pub body: BTreeMap<String, serde_json::Value>,
}

impl ChatSettings {
    /// The server's base URL, without a trailing slash.
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
    /// Timeout of one call in seconds, from connecting to the last byte.
    pub timeout_seconds: u64,
    /// Maximum number of attempts per call when the server is busy or fails.
    pub attempts: u32,
    /// Longest wait in seconds that a server may ask for; a longer one ends the phase.
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

/// Price of one model, in dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Input tokens.
    pub input: Money,
    /// Output tokens.
    pub output: Money,
    /// Input tokens read from a cache; absent: as `input`.
    #[serde(default)]
    pub cache_read: Option<Money>,
    /// Input tokens written to a cache; absent: as `input`.
    #[serde(default)]
    pub cache_write: Option<Money>,
}

impl Price {
    /// Whether all prices are in the allowed range.
    pub(super) fn is_sound(&self) -> bool {
        let all = [Some(self.input), Some(self.output), self.cache_read, self.cache_write];
        all.into_iter().flatten().all(|price| price.usd() <= 1e6)
    }
}
