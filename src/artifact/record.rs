//! `session.json`: the record of a session. Its format extends that of OpenJarvis.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::egress::LlmRole;
use super::money::{self, Money};
use super::outcome::OutcomeStatus;
use super::spending::RoleSpending;
use super::trigger::TriggerKind;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Created; no phase has run yet.
    Initiated,
    /// The teacher diagnoses failures.
    Diagnosing,
    /// The teacher plans edits.
    Planning,
    /// Edits are being tried.
    Executing,
    /// Only edits that wait for a person are left.
    AwaitingReview,
    /// Nothing is left to do.
    Completed,
    /// It ended early; `error` says why.
    Failed,
    /// All its applied edits were reverted.
    RolledBack,
}

impl SessionStatus {
    /// Whether nothing is left that a run could do without a person.
    pub(crate) fn is_settled(self) -> bool {
        matches!(
            self,
            SessionStatus::Completed | SessionStatus::AwaitingReview | SessionStatus::RolledBack
        )
    }

    /// Whether the session has not ended yet, so that a run can resume it.
    pub(crate) fn is_under_way(self) -> bool {
        matches!(
            self,
            SessionStatus::Initiated | SessionStatus::Diagnosing | SessionStatus::Planning | SessionStatus::Executing
        )
    }
}

/// A benchmark's result, in the form of OpenJarvis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The benchmark's version: the digest of its tasks.
    pub benchmark_version: String,
    /// Mean over all tasks, 0 to 1.
    pub overall_score: f64,
    /// Mean per category.
    pub cluster_scores: BTreeMap<String, f64>,
    /// Number of tasks with a score.
    pub task_count: usize,
    /// Number of tasks without a score; older versions did not record it.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub unscored: usize,
}

impl Snapshot {
    /// How many tasks have no score; `None` if all have one.
    pub(crate) fn without_score(&self) -> Option<String> {
        super::evaluation::unscored_of_all(self.unscored, self.task_count)
    }
}

/// How many tasks have no score before and after a session; `None` if all have one.
pub(crate) fn without_score(before: Option<&Snapshot>, after: Option<&Snapshot>) -> Option<String> {
    let of = |snapshot: Option<&Snapshot>| snapshot.and_then(Snapshot::without_score);
    match (of(before), of(after)) {
        (None, None) => None,
        (None, Some(unscored)) if before.is_none() => Some(unscored),
        (None, Some(unscored)) => Some(format!("{unscored} after")),
        (Some(unscored), None) if after.is_none() => Some(unscored),
        (Some(unscored), None) => Some(format!("{unscored} before")),
        (Some(before), Some(after)) if before == after => Some(after),
        (Some(before), Some(after)) => Some(format!("{before} before, {after} after")),
    }
}

/// The outcome of one edit, in the form of OpenJarvis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EditOutcome {
    /// The teacher's label for the edit.
    pub edit_id: String,
    /// Identity of the edit.
    pub edit_digest: Digest,
    /// The result.
    pub status: OutcomeStatus,
    /// Change of the overall score, compared with the head at that time.
    pub benchmark_delta: Option<f64>,
    /// 90 % interval of the change; of the target's change for a trial in mode `sequential` that stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// As `benchmark_delta`, per category.
    pub cluster_deltas: BTreeMap<String, f64>,
    /// Why the edit was not applied.
    pub error: Option<String>,
    /// When the edit was applied, RFC 3339.
    pub applied_at: Option<String>,
    /// The commit that applied the edit.
    pub commit: Option<String>,
}

/// The record of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionRecord {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session.
    pub id: String,
    /// The previous session, if there is one.
    #[serde(default)]
    pub parent_session_id: Option<String>,
    /// The kind of trigger that started it.
    pub trigger: TriggerKind,
    /// Further details from the trigger.
    #[serde(default)]
    pub trigger_metadata: Extra,
    /// The session's state.
    pub status: SessionStatus,
    /// Who decides about edits of each risk tier.
    pub autonomy_mode: Autonomy,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339; null until then.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// The diagnosis, relative to the session directory.
    #[serde(default)]
    pub diagnosis_path: Option<String>,
    /// The plan, relative to the session directory.
    #[serde(default)]
    pub plan_path: Option<String>,
    /// Scores before any edit.
    #[serde(default)]
    pub benchmark_before: Option<Snapshot>,
    /// Scores of the final head.
    #[serde(default)]
    pub benchmark_after: Option<Snapshot>,
    /// One entry per edit, in the order of the plan.
    #[serde(default)]
    pub edit_outcomes: Vec<EditOutcome>,
    /// Digest of the harness that `benchmark_after` was measured on.
    #[serde(default)]
    pub harness_after: Option<Digest>,
    /// The commit before the first edit.
    #[serde(default)]
    pub git_checkpoint_pre: Option<String>,
    /// The commit after the last edit.
    #[serde(default)]
    pub git_checkpoint_post: Option<String>,
    /// Cost of the teacher in dollars; null when a price is unknown.
    #[serde(default, deserialize_with = "money::known")]
    pub teacher_cost_usd: Option<Money>,
    /// Tokens and cost of language models, by role; absent when none was used.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub spending: BTreeMap<LlmRole, RoleSpending>,
    /// Why it ended early.
    #[serde(default)]
    pub error: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SessionRecord {
    /// The number of edits with an outcome of this status.
    pub(crate) fn count(&self, status: OutcomeStatus) -> usize {
        self.edit_outcomes.iter().filter(|one| one.status == status).count()
    }

    /// Cost of all roles in dollars; `None` when a part of it is unknown.
    pub(crate) fn cost_usd(&self) -> Option<Money> {
        match self.spending.is_empty() {
            true => self.teacher_cost_usd,
            false => self.spending.values().map(|spent| spent.cost_usd).sum(),
        }
    }

    /// The dollars that limits count: known costs, and the estimates of the others.
    pub(crate) fn counted_usd(&self) -> Money {
        match self.spending.is_empty() {
            true => self.teacher_cost_usd.unwrap_or_default(),
            false => self.spending.values().map(RoleSpending::counted).sum(),
        }
    }
}

artifact!(SessionRecord, "session", version 1, depth 2);

/// Who decides about edits of each risk tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// The gate decides alone, except about the manual tier.
    Auto,
    /// The gate decides alone about the auto tier; a person must approve the others first.
    Tiered,
    /// A person must approve every edit first.
    Manual,
}
