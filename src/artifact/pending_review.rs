//! `pending_review/<edit-digest>.json`: an edit that needs a person's decision, and the answer once given.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::{self, ReviewDecision};
use super::diagnosis::FailureCluster;
use super::edit::Edit;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// An edit that waits for a person's decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PendingReview {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session that proposes the edit.
    pub session_id: String,
    /// Identity of the edit.
    pub edit_digest: Digest,
    /// Your answer: `"accept"`, `"reject"`, or `{"decision": "accept", "why": "…"}`.
    #[serde(default, deserialize_with = "decision::tolerant")]
    #[schemars(with = "Option<decision::DecisionInput>")]
    pub decision: Option<ReviewDecision>,
    /// The edit.
    pub edit: Edit,
    /// The changes to the harness files, as a unified diff.
    pub diff: String,
    /// Why the edit does not apply to the present harness; absent if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inapplicable: Option<String>,
    /// The failures that the edit should fix.
    #[serde(default)]
    pub cluster: Option<FailureCluster>,
    /// The gate's evidence, if the edit was nearly accepted: accepting gives the trial more pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_miss: Option<String>,
    /// What the edit drops besides words, and why the question is asked again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(PendingReview, "pending_review", version 1, depth 3);
