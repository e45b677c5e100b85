//! `sessions/loop.json`: the sessions of one `kaizen loop`, its limits, and why it stopped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::money::{self, Money};
use super::record::SessionStatus;
use super::{Extra, artifact, first_version};
use crate::artifact::record::Autonomy;

/// The record of the newest loop, relative to the workspace.
pub(crate) const FILE: &str = "sessions/loop.json";

/// Why a loop stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// A session failed.
    Failed,
    /// The best score did not rise for `stagnation_k` sessions.
    Stagnation,
    /// The known cost reached `max_total_cost_usd`.
    Budget,
    /// The workspace was not ready for a session.
    NotReady,
    /// A session waits for a person.
    Held,
    /// The requested number of sessions was reached.
    MaxSessions,
}

/// One finished session of a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoopStep {
    /// The session.
    pub session: String,
    /// How it ended.
    pub status: SessionStatus,
    /// Gate score before its first edit; null if the session ended earlier.
    #[serde(default)]
    pub score_before: Option<f64>,
    /// Gate score of its final head; null if the session ended earlier.
    #[serde(default)]
    pub score_after: Option<f64>,
    /// Cost in dollars; null when a part is unknown.
    #[serde(default, deserialize_with = "money::known")]
    pub cost_usd: Option<Money>,
    /// The dollars that the loop's limit counts, if `cost_usd` is null: the known costs, and the estimates of the others.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "money::known")]
    pub counted_usd: Option<Money>,
    /// The loop's remaining budget in dollars when the session started.
    #[serde(default, deserialize_with = "unlimited")]
    pub budget_usd: Money,
    /// Whether the session ended early because the loop's budget was spent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub budget_spent: bool,
    /// The best score so far.
    #[serde(default)]
    pub best_score: Option<f64>,
    /// Number of consecutive sessions, up to this one, that did not raise the best score.
    #[serde(default)]
    pub standing_still: usize,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The record of one loop, rewritten after every session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoopRecord {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339; null while it runs.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// The newest session that was settled before the loop started; only later sessions belong to the loop.
    #[serde(default)]
    pub after_session_id: Option<String>,
    /// A session counts as stagnant unless it raises the best score by more than this.
    pub stagnation_eps: f64,
    /// The loop stops after this many stagnant sessions in a row.
    pub stagnation_k: usize,
    /// The loop stops when its known cost reaches this many dollars.
    #[serde(deserialize_with = "unlimited")]
    pub max_total_cost_usd: Money,
    /// The loop stops after this many sessions; null for no limit.
    #[serde(default)]
    pub max_sessions: Option<usize>,
    /// Autonomy of its sessions; null for the manifest's setting.
    #[serde(default)]
    pub autonomy: Option<Autonomy>,
    /// Its finished sessions.
    #[serde(default)]
    pub steps: Vec<LoopStep>,
    /// Cost of all sessions in dollars; null when the cost of one is unknown.
    #[serde(default, deserialize_with = "money::known")]
    pub total_cost_usd: Option<Money>,
    /// Why it stopped; null while it runs.
    #[serde(default)]
    pub stop_reason: Option<StopReason>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(LoopRecord, "loop", version 1, depth 1);

/// Reads a limit. Older versions accepted an infinite one and wrote it as null.
fn unlimited<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Ok(money::known(deserializer)?.unwrap_or(Money::MAX))
}
