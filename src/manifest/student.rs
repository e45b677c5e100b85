//! `[student]`: the agent under improvement.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chat::{Api, ChatSettings};
use super::sandbox::SandboxSection;
use super::speaks::ProgramDialect;

/// `[student]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StudentSection {
    /// `nearest`: the built-in student; `chat`: a language model; `command`: a program. Absent: `nearest`, unless the
    /// harness names a language model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<StudentEngine>,
    /// Number of concurrent attempts, at most 64; 0: one per CPU core, or 8 for `chat` and `command`.
    pub concurrency: usize,
    /// For `chat`: `openai`, `anthropic` or `ollama`.
    pub api: Api,
    /// For `chat`: the server's base URL; absent: the provider's default.
    pub base_url: Option<String>,
    /// For `chat`: the model, unless the harness sets one.
    pub model: Option<String>,
    /// For `chat`: the environment variable that holds the key; absent: the provider's default.
    pub api_key_env: Option<String>,
    /// For `chat`: maximum number of tokens in one answer.
    pub max_tokens: Option<u64>,
    /// For `chat`: 0 to 2; absent: not sent, because some models reject this parameter.
    pub temperature: Option<f64>,
    /// For `chat`: additional fields of the request body, sent unchanged.
    pub body: BTreeMap<String, serde_json::Value>,
    /// For `chat`: the programs that implement the harness's tools, by tool name.
    pub tools: BTreeMap<String, StudentTool>,
    /// For `command`: program and arguments, started without a shell.
    pub run: Vec<String>,
    /// Environment variables with keys that the student's or tools' programs inherit; others with keys are withheld.
    pub env: Vec<String>,
    /// For `command`: timeout of one attempt in seconds.
    pub timeout_seconds: u64,
    /// For `command`: the form in which the program prints its answer; absent: by the program's name, and for a name that is
    /// not known `json`, or else `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaks: Option<ProgramDialect>,
    /// For `command`: environment variables for the program. `{harness}` and, with a sandbox, `{sandbox}` in a value are
    /// the folder with the agent's files.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// For `command`: each attempt runs in a folder of its own outside the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxSection>,
}

/// `[student.tools.<name>]`: a program that implements a tool. It reads the arguments as JSON from stdin and prints the
/// result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentTool {
    /// Program and arguments, started without a shell.
    pub run: Vec<String>,
    /// JSON Schema of the arguments; absent: any object.
    #[serde(default)]
    pub parameters: Option<serde_json::Value>,
    /// Timeout of one call in seconds.
    #[serde(default = "half_a_minute")]
    pub timeout_seconds: u64,
}

fn half_a_minute() -> u64 {
    30
}

/// The kind of student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StudentEngine {
    /// The built-in student: answers from the nearest example, and with tools.
    Nearest,
    /// A language model behind an API.
    Chat,
    /// A program, started once per attempt.
    Command,
}

impl Default for StudentSection {
    fn default() -> Self {
        Self {
            engine: None,
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
            speaks: None,
            env: Vec::new(),
            timeout_seconds: 300,
            set: BTreeMap::new(),
            sandbox: None,
        }
    }
}

impl StudentSection {
    /// The kind of student.
    pub(crate) fn engine(&self) -> StudentEngine {
        self.engine.unwrap_or(StudentEngine::Nearest)
    }

    /// The form in which the program prints its answer, if it is set or the program's name says it.
    pub(crate) fn dialect(&self) -> Option<ProgramDialect> {
        self.speaks.or_else(|| ProgramDialect::of_program(&self.run))
    }

    /// Whether attempts run a program in a folder of their own.
    pub(crate) fn is_sandboxed(&self) -> bool {
        self.engine() == StudentEngine::Command && self.sandbox.is_some()
    }

    /// A command line with the words of the sandbox before it.
    pub(crate) fn wrapped(&self, run: &[String]) -> Vec<String> {
        let wrap = self.sandbox.iter().flat_map(|sandbox| &sandbox.wrap);
        match run.is_empty() {
            true => Vec::new(),
            false => wrap.chain(run).cloned().collect(),
        }
    }

    /// The settings of the language model.
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
