//! A task: one scored question of a benchmark.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;
use super::reference::ReferenceAnswer;
use super::task_world::TaskWorld;
use crate::digest::Digest;

/// Who may see a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The teacher may see it.
    Train,
    /// It decides about edits; the teacher may not see it.
    Gate,
    /// Sealed; only `--split test` of `kaizen eval` and `kaizen audit` opens it.
    Test,
    /// Nobody sees it until `kaizen bench refresh` draws it for the gate.
    Reserve,
}

impl Split {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Gate => "gate",
            Split::Test => "test",
            Split::Reserve => "reserve",
        }
    }
}

/// How an answer is compared with the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// Equal, ignoring case and differences in white space. `exact_label` means the same.
    #[serde(alias = "exact_label")]
    Exact,
    /// The reference occurs in the answer.
    Contains,
    /// The reference is a regular expression that matches the answer.
    Regex,
    /// The last number of the answer equals the reference. `numeric_exact` means the same.
    #[serde(alias = "numeric_exact")]
    Number,
    /// Equal as JSON values.
    Json,
    /// A program from the manifest decides.
    Command,
    /// A language model decides.
    Judge,
    /// The task's own program `test` judges what the agent left in its sandbox.
    Run,
    /// The skills that the answer names are those that the task lists in `loads`.
    Loads,
}

/// The answer to a task with `loads` that needs no skill.
pub(crate) const NO_SKILL: &str = "none";

/// One scored question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// The task's id, unique within the benchmark.
    pub task_id: String,
    /// The question for the agent.
    pub query: String,
    /// The correct answer, in the form that the scorer expects; a list of answers if each of them is correct. Scorer
    /// `json` takes a list as one value. A task with `loads` and one of scorer `run` need none.
    #[schemars(with = "String")]
    #[serde(default)]
    pub reference_answer: ReferenceAnswer,
    /// The group for which gains are reported.
    #[serde(default = "general")]
    pub category: String,
    /// The agent to ask; absent: the harness's default agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The names of the skills that the agent should load for the query; empty if none. Such a task asks for these names
    /// only: the agent gets the name and the description of every skill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loads: Option<Vec<String>>,
    /// How the answer is scored; `loads` wherever the task has that field.
    #[serde(default = "exact")]
    pub scorer: Scorer,
    /// Who may see the task; absent: train or gate, chosen by a digest of the task id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// The folder in which the agent works, and the program that judges it.
    #[serde(flatten)]
    pub world: TaskWorld,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Task {
    /// The task as its scorer needs it: one with `loads` is scored by them, and its reference lists them.
    ///
    /// # Errors
    /// It has neither a reference nor `loads`.
    pub(crate) fn completed(self) -> Result<Self, &'static str> {
        match &self.loads {
            Some(loads) => Ok(Self {
                scorer: Scorer::Loads,
                reference_answer: match loads.is_empty() {
                    true => NO_SKILL.into(),
                    false => loads.join(", ").into(),
                },
                ..self
            }),
            None if self.reference_answer.is_missing() && self.scorer != Scorer::Run => {
                Err("missing field `reference_answer`")
            }
            None => Ok(self),
        }
    }

    /// The stated split, or one derived from the task id: about half of such tasks are train, the others gate.
    pub fn split(&self) -> Split {
        self.split
            .unwrap_or(match Digest::of_bytes(self.task_id.as_bytes()).seed() % 2 {
                0 => Split::Train,
                _ => Split::Gate,
            })
    }
}

/// A query in lower case with single spaces, to find traces or train tasks that would give a task's answer away.
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
