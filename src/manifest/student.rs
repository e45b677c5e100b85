//! `[student]`: the agent under improvement.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chat::{Api, ChatSettings};

/// `[student]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StudentSection {
    /// `nearest`: the embedded student; `chat`: a language model; `command`: a program.
    pub engine: StudentEngine,
    /// Attempts at once, at most 64; 0 for one a core, or 8 for `chat` and `command`.
    pub concurrency: usize,
    /// Of `chat`: `openai`, `anthropic` or `ollama`.
    pub api: Api,
    /// Of `chat`: where the server listens; absent: the provider's own address.
    pub base_url: Option<String>,
    /// Of `chat`: the model when the harness names none.
    pub model: Option<String>,
    /// Of `chat`: the environment variable that holds the key; absent: the provider's usual one.
    pub api_key_env: Option<String>,
    /// Of `chat`: tokens of one answer, at most.
    pub max_tokens: Option<u64>,
    /// Of `chat`: 0 to 2; absent: not sent, as some models refuse any.
    pub temperature: Option<f64>,
    /// Of `chat`: further fields of the request's body, sent as they are.
    pub body: BTreeMap<String, serde_json::Value>,
    /// Of `chat`: the programs behind the tools of the harness, by name.
    pub tools: BTreeMap<String, StudentTool>,
    /// Of `command`: program and arguments; no shell is involved.
    pub run: Vec<String>,
    /// Of `command`: environment variables with keys that the program needs; others with keys are kept from it.
    pub env: Vec<String>,
    /// Seconds for one attempt of `command`.
    pub timeout_seconds: u64,
}

/// `[student.tools.<name>]`: a program behind a tool. It gets the arguments as JSON on stdin; what it prints is the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentTool {
    /// Program and arguments; no shell is involved.
    pub run: Vec<String>,
    /// JSON Schema of the arguments; absent: any object.
    #[serde(default)]
    pub parameters: Option<serde_json::Value>,
    /// Seconds for one call.
    #[serde(default = "half_a_minute")]
    pub timeout_seconds: u64,
}

fn half_a_minute() -> u64 {
    30
}

/// Which student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StudentEngine {
    /// The embedded one: nearest example, with tools.
    Nearest,
    /// A language model behind an API.
    Chat,
    /// A program, started once a task.
    Command,
}

impl Default for StudentSection {
    fn default() -> Self {
        Self {
            engine: StudentEngine::Nearest,
            concurrency: 0,
            api: Api::default(),
            base_url: None,
            model: None,
            api_key_env: None,
            max_tokens: None,
            temperature: None,
            body: BTreeMap::new(),
            tools: BTreeMap::new(),
            run: Vec::new(),
            env: Vec::new(),
            timeout_seconds: 300,
        }
    }
}

impl StudentSection {
    /// How the language model is reached.
    pub fn chat(&self) -> ChatSettings {
        ChatSettings {
            api: self.api,
            base_url: self.base_url.clone(),
            model: self.model.clone(),
            api_key_env: self.api_key_env.clone(),
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            json_schema: None,
            body: self.body.clone(),
        }
    }
}
