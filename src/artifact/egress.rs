//! `egress.jsonl`: one line for each time that something was sent to a language model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "egress.jsonl";

/// Who asks a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Diagnosis and plan.
    Teacher,
    /// The teacher's own answers to train tasks.
    TeacherTask,
    /// Scorer `judge`, and comparisons for the teacher.
    Judge,
    /// The agent under improvement.
    Student,
}

impl Role {
    /// The name as it stands in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Teacher => "teacher",
            Role::TeacherTask => "teacher_task",
            Role::Judge => "judge",
            Role::Student => "student",
        }
    }
}

/// One time that something was sent. It stands there before the first byte leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Egress {
    /// RFC 3339.
    pub at: String,
    /// Who asked.
    pub role: Role,
    /// The address that it was sent to.
    pub to: String,
    /// The model that was asked.
    pub model: String,
    /// Digest of what was asked; `kaizen egress DIGEST` shows its exact text.
    pub request: Digest,
    /// Size of what was sent, in bytes.
    pub bytes: u64,
}
