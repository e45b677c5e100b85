//! `session.json`: the record of a session, with the ancestor's fields and more.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::egress::Role;
use super::outcome::OutcomeStatus;
use super::spending::Spent;
use super::trigger::TriggerKind;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It exists.
    Initiated,
    /// The teacher looks at failures.
    Diagnosing,
    /// The teacher plans.
    Planning,
    /// Edits are tried.
    Executing,
    /// It is settled but for edits that wait for a person.
    AwaitingReview,
    /// It is settled.
    Completed,
    /// It ended early; `error` says why.
    Failed,
    /// Everything that it applied was taken back.
    RolledBack,
}

impl Status {
    /// Whether a run could still go on with it, and did not end it.
    pub(crate) fn is_under_way(self) -> bool {
        matches!(
            self,
            Status::Initiated | Status::Diagnosing | Status::Planning | Status::Executing
        )
    }
}

/// A benchmark's result, in the ancestor's form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Which benchmark; the digest of its tasks.
    pub benchmark_version: String,
    /// Mean over all tasks, 0 to 1.
    pub overall_score: f64,
    /// Mean a category.
    pub cluster_scores: BTreeMap<String, f64>,
    /// Scored tasks.
    pub task_count: usize,
}

/// One edit's end, in the ancestor's form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EditOutcome {
    /// The teacher's label.
    pub edit_id: String,
    /// Identity of the edit.
    pub edit_digest: Digest,
    /// What became of it.
    pub status: OutcomeStatus,
    /// Overall score after minus before, against the head of that moment.
    pub benchmark_delta: Option<f64>,
    /// The target's change at 90 %, where the student is noisy: what to believe in place of a mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// The same as `benchmark_delta`, a category.
    pub cluster_deltas: BTreeMap<String, f64>,
    /// Why it was not applied.
    pub error: Option<String>,
    /// When it was applied, RFC 3339.
    pub applied_at: Option<String>,
    /// The commit that applied it.
    pub commit: Option<String>,
}

/// The record of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session.
    pub id: String,
    /// The session before, if there was one.
    #[serde(default)]
    pub parent_session_id: Option<String>,
    /// Why it exists.
    pub trigger: TriggerKind,
    /// What the trigger says beside.
    #[serde(default)]
    pub trigger_metadata: Extra,
    /// Where it stands.
    pub status: Status,
    /// Who is asked what.
    pub autonomy_mode: Autonomy,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339; null while it is under way.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// Relative to the session directory.
    #[serde(default)]
    pub diagnosis_path: Option<String>,
    /// Relative to the session directory.
    #[serde(default)]
    pub plan_path: Option<String>,
    /// Before any edit.
    #[serde(default)]
    pub benchmark_before: Option<Snapshot>,
    /// The final head.
    #[serde(default)]
    pub benchmark_after: Option<Snapshot>,
    /// One an edit, in the order of the plan.
    #[serde(default)]
    pub edit_outcomes: Vec<EditOutcome>,
    /// The harness that the score after speaks of.
    #[serde(default)]
    pub harness_after: Option<Digest>,
    /// The commit before the first edit.
    #[serde(default)]
    pub git_checkpoint_pre: Option<String>,
    /// The commit after the last edit.
    #[serde(default)]
    pub git_checkpoint_post: Option<String>,
    /// Dollars; null when the price is unknown.
    #[serde(default)]
    pub teacher_cost_usd: Option<f64>,
    /// What language models took, by role; absent when none was asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub spending: BTreeMap<Role, Spent>,
    /// Why it ended early.
    #[serde(default)]
    pub error: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Record {
    /// Dollars of every role; `None` when a part is unknown, or nobody said anything.
    pub(crate) fn cost_usd(&self) -> Option<f64> {
        match self.spending.is_empty() {
            true => self.teacher_cost_usd,
            false => self.spending.values().map(|spent| spent.cost_usd).sum(),
        }
    }
}

artifact!(Record, "session", version 1, depth 2);

/// Who is asked what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// The gate decides about everything but the manual tier.
    Auto,
    /// The gate decides about the auto tier, a person is asked about the review tier.
    Tiered,
    /// A person is asked about everything.
    Manual,
}
