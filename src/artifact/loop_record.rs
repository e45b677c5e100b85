//! `sessions/loop.json`: the sessions of one `kaizen loop`, its limits, and why it stopped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Status;
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
    /// The score stood still for long enough.
    Stagnation,
    /// The known cost reached the limit.
    Budget,
    /// No session could be held.
    NotReady,
    /// A session waits for a person before it can go on.
    Held,
    /// As many sessions as were asked for.
    MaxSessions,
}

/// One session of a loop, once it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoopStep {
    /// The session.
    pub session: String,
    /// How it ended.
    pub status: Status,
    /// Gate score before its first edit; null when it did not get that far.
    #[serde(default)]
    pub score_before: Option<f64>,
    /// Gate score of its final head; null when it did not get that far.
    #[serde(default)]
    pub score_after: Option<f64>,
    /// Dollars; null when the price is unknown.
    #[serde(default)]
    pub cost_usd: Option<f64>,
    /// Dollars that were left for it when it began.
    #[serde(default)]
    pub budget_usd: f64,
    /// The best score so far.
    #[serde(default)]
    pub best_score: Option<f64>,
    /// Sessions up to this one that did not raise it.
    #[serde(default)]
    pub standing_still: usize,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One loop, written after every session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoopRecord {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// RFC 3339.
    pub started_at: String,
    /// RFC 3339; null while it is under way.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// The newest session that was settled before it began: no session up to this one is a step.
    #[serde(default)]
    pub after_session_id: Option<String>,
    /// A score that rises by no more than this stands still.
    pub stagnation_eps: f64,
    /// Sessions that stand still one after another before it stops.
    pub stagnation_k: usize,
    /// Dollars after which it stops.
    pub max_total_cost_usd: f64,
    /// Sessions after which it stops; null for any number.
    #[serde(default)]
    pub max_sessions: Option<usize>,
    /// Autonomy of its sessions; null for the manifest's.
    #[serde(default)]
    pub autonomy: Option<Autonomy>,
    /// Its sessions that have ended.
    #[serde(default)]
    pub steps: Vec<LoopStep>,
    /// Dollars; null when the price of a session is unknown.
    #[serde(default)]
    pub total_cost_usd: Option<f64>,
    /// Why it stopped; null while it is under way.
    #[serde(default)]
    pub stop_reason: Option<StopReason>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(LoopRecord, "loop", version 1, depth 1);
