//! A task: one scored question of a benchmark.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;
use crate::digest::Digest;

/// Who may see a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The teacher may see it.
    Train,
    /// It decides about edits; the teacher may not see it.
    Gate,
    /// Sealed; opened only by name.
    Test,
    /// Nobody sees it, until `kaizen bench refresh` draws it for the gate.
    Reserve,
}

impl Split {
    /// The name as it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Gate => "gate",
            Split::Test => "test",
            Split::Reserve => "reserve",
        }
    }
}

/// How an answer is scored against the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// Equal after trimming and folding case and white space. `exact_label` is the same.
    #[serde(alias = "exact_label")]
    Exact,
    /// The reference occurs in the answer.
    Contains,
    /// The reference is a regular expression that matches the answer.
    Regex,
    /// The last number of the answer equals the reference. `numeric_exact` is the same.
    #[serde(alias = "numeric_exact")]
    Number,
    /// Equal as JSON values.
    Json,
    /// A program named in the manifest decides.
    Command,
    /// A language model decides.
    Judge,
}

/// One scored question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Unique in its benchmark.
    pub task_id: String,
    /// What the agent is asked.
    pub query: String,
    /// What a right answer is, in the scorer's terms.
    #[serde(deserialize_with = "text_or_scalar")]
    pub reference_answer: String,
    /// The group that deltas are reported for.
    #[serde(default = "general")]
    pub category: String,
    /// The agent that is asked; the harness's default agent when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// How the answer is scored.
    #[serde(default = "exact")]
    pub scorer: Scorer,
    /// Who may see it; assigned by a digest of the task id when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Task {
    /// The split, stated or assigned: half of the unassigned tasks train, half gate.
    pub fn split(&self) -> Split {
        self.split
            .unwrap_or(match Digest::of_bytes(self.task_id.as_bytes()).seed() % 2 {
                0 => Split::Train,
                _ => Split::Gate,
            })
    }
}

/// A query without case and white space: a trace or train task with the same words gives the answer away.
pub(crate) fn normal(query: &str) -> String {
    query
        .split_whitespace()
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

fn general() -> String {
    "general".to_owned()
}

fn exact() -> Scorer {
    Scorer::Exact
}

/// Reads `"7"`, `7` and `true` alike: reference answers are often written as bare numbers.
fn text_or_scalar<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        scalar @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => Ok(scalar.to_string()),
        other => Ok(other.to_string()),
    }
}
