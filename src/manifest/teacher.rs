//! `[teacher]`: whatever writes the diagnosis and the plan.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chat::{Api, ChatSettings};

/// `[teacher]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeacherSection {
    /// `rules`: the embedded optimizer; `chat`: a language model; `command`: a program; `files`: a person or an agent.
    pub engine: TeacherEngine,
    /// Edits in a plan, at most.
    pub max_edits: usize,
    /// The teacher's source of chance; absent: the session's name.
    pub seed: Option<u64>,
    /// Of `chat`: `openai`, `anthropic` or `ollama`.
    pub api: Api,
    /// Of `chat`: where the server listens; absent: the provider's own address.
    pub base_url: Option<String>,
    /// Of `chat`: the model's name.
    pub model: Option<String>,
    /// Of `chat`: the environment variable that holds the key; absent: the provider's usual one.
    pub api_key_env: Option<String>,
    /// Of `chat`: tokens of one answer, at most.
    pub max_tokens: Option<u64>,
    /// Of `chat`: 0 to 2; absent: not sent, as some models refuse any.
    pub temperature: Option<f64>,
    /// Of `chat`: whether the server is asked to hold the plan to a JSON Schema; absent: yes.
    pub json_schema: Option<bool>,
    /// Of `chat`: further fields of the request's body, sent as they are.
    pub body: BTreeMap<String, serde_json::Value>,
    /// Of `chat`: turns of the diagnosis, at most.
    pub max_turns: usize,
    /// Of `command`: program and arguments; no shell is involved.
    pub run: Vec<String>,
    /// Of `command`: environment variables with keys that the program needs; others with keys are kept from it.
    pub env: Vec<String>,
    /// Of `command`: seconds for one phase.
    pub timeout_seconds: u64,
}

/// Which teacher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeacherEngine {
    /// The embedded one: proposes what gains most on train tasks.
    Rules,
    /// A language model with tools.
    Chat,
    /// A program that leaves diagnosis.md and plan.json.
    Command,
    /// A person, or a coding agent: the phase waits for the files.
    Files,
}

impl TeacherSection {
    /// How the language model is reached.
    pub(crate) fn chat(&self) -> ChatSettings {
        ChatSettings {
            api: self.api,
            base_url: self.base_url.clone(),
            model: self.model.clone(),
            api_key_env: self.api_key_env.clone(),
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            json_schema: self.json_schema,
            body: self.body.clone(),
        }
    }
}

impl Default for TeacherSection {
    fn default() -> Self {
        Self {
            engine: TeacherEngine::Rules,
            max_edits: 10,
            seed: None,
            api: Api::default(),
            base_url: None,
            model: None,
            api_key_env: None,
            max_tokens: None,
            temperature: None,
            json_schema: None,
            body: BTreeMap::new(),
            max_turns: 30,
            run: Vec::new(),
            env: Vec::new(),
            timeout_seconds: 3600,
        }
    }
}
