//! `egress.jsonl`: one line for each request that was sent to a language model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::money::{self, Money};
use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "egress.jsonl";

/// The role that sends a request to a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LlmRole {
    /// The teacher, when it diagnoses and plans.
    Teacher,
    /// The teacher, when it answers train tasks itself.
    TeacherTask,
    /// The judge: scorer `judge`, and comparisons for the teacher.
    Judge,
    /// The agent under improvement.
    Student,
}

impl LlmRole {
    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LlmRole::Teacher => "teacher",
            LlmRole::TeacherTask => "teacher_task",
            LlmRole::Judge => "judge",
            LlmRole::Student => "student",
        }
    }
}

/// One request. The line is written before the first byte is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Egress {
    /// When, RFC 3339.
    pub at: String,
    /// The role that sent it.
    pub role: LlmRole,
    /// The address it was sent to.
    pub to: String,
    /// The model.
    pub model: String,
    /// Digest of the request; `kaizen egress DIGEST` shows its exact text.
    pub request: Digest,
    /// Size of the request, in bytes.
    pub bytes: u64,
    /// Tokens of the longest answer, which the estimate assumes; absent in lines of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Largest cost in dollars, which counts until the cost is known; absent if the price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "money::known")]
    pub estimated_usd: Option<Money>,
}
