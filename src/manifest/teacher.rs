//! `[teacher]`: the author of diagnosis and plan.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chat::{Api, ChatSettings};

/// `[teacher]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TeacherSection {
    /// `rules`: the built-in optimizer; `chat`: a language model; `command`: a program; `files`: a person or an agent.
    pub engine: TeacherEngine,
    /// Maximum number of edits in a plan.
    pub max_edits: usize,
    /// For `rules`: maximum number of attempts of the student in a session, at least 1; absent: 400 for students `chat` and
    /// `command`, no limit for `nearest`.
    pub max_student_calls: Option<usize>,
    /// For other teachers than `rules`: whether the edits that `rules` would plan, with what it measured, appear in their
    /// briefing; absent: false.
    pub candidates: Option<bool>,
    /// The teacher's random seed; absent: derived from the session's id.
    pub seed: Option<u64>,
    /// For `chat`: `openai`, `anthropic` or `ollama`.
    pub api: Api,
    /// For `chat`: the server's base URL; absent: the provider's default.
    pub base_url: Option<String>,
    /// For `chat`: the model's name.
    pub model: Option<String>,
    /// For `chat`: the environment variable that holds the key; absent: the provider's default.
    pub api_key_env: Option<String>,
    /// For `chat`: maximum number of tokens in one answer.
    pub max_tokens: Option<u64>,
    /// For `chat`: 0 to 2; absent: not sent, because some models reject this parameter.
    pub temperature: Option<f64>,
    /// For `chat`: whether to ask the server to enforce the plan's JSON Schema; absent: true.
    pub json_schema: Option<bool>,
    /// For `chat`: additional fields of the request body, sent unchanged.
    pub body: BTreeMap<String, serde_json::Value>,
    /// For `chat`: maximum number of turns of the diagnosis.
    pub max_turns: usize,
    /// For `command`: program and arguments, started without a shell.
    pub run: Vec<String>,
    /// For `command`: environment variables with keys that the program inherits; other keys are withheld from it.
    pub env: Vec<String>,
    /// For `command`: timeout of one phase in seconds.
    pub timeout_seconds: u64,
}

/// The kind of teacher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeacherEngine {
    /// The built-in teacher: proposes the edits that gain most on train tasks.
    Rules,
    /// A language model with tools.
    Chat,
    /// A program that writes diagnosis.md and plan.json.
    Command,
    /// A person, or a coding agent: the phase waits for the files.
    Files,
}

impl TeacherSection {
    /// Whether the briefing of another teacher contains the edits that `rules` would plan.
    pub(crate) fn shows_candidates(&self) -> bool {
        self.engine != TeacherEngine::Rules && self.candidates == Some(true)
    }

    /// The settings of the language model.
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
            max_student_calls: None,
            candidates: None,
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
