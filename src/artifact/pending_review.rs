//! `pending_review/<edit-digest>.json`: the question put to a person and, once given, the answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::FailureCluster;
use super::decision::{self, Decision};
use super::edit::Edit;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// An edit that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PendingReview {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session that proposes it.
    pub session_id: String,
    /// Identity of the edit.
    pub edit_digest: Digest,
    /// To answer by hand: `"accept"` or `"reject"`, or `{"decision": "accept", "why": "…"}`.
    #[serde(default, deserialize_with = "decision::tolerant")]
    #[schemars(with = "Option<decision::Written>")]
    pub decision: Option<Decision>,
    /// The edit.
    pub edit: Edit,
    /// What it would change in the harness files, as a unified diff.
    pub diff: String,
    /// Why it cannot be applied to the present harness, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inapplicable: Option<String>,
    /// The failures that it should cure.
    #[serde(default)]
    pub cluster: Option<FailureCluster>,
    /// What the gate found, where it could not tell and came close: the question is whether to go on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(PendingReview, "pending_review", version 1, depth 3);
