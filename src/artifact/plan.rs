//! `plan.json`: the desired state of the session, as a list of edits that a person may change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::FailureCluster;
use super::edit::Edit;
use super::{Extra, artifact, first_version};

/// The edits that the session should have made, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session.
    pub session_id: String,
    /// The narrative that the plan answers.
    #[serde(default)]
    pub diagnosis_summary: String,
    /// Clusters with evidence, then those dropped for lack of it.
    #[serde(default)]
    pub failure_clusters: Vec<FailureCluster>,
    /// Whether a person lets the plan run, where `[session] hold = "plan"` asks for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// The edits.
    pub edits: Vec<Edit>,
    /// Who proposed them.
    #[serde(default)]
    pub teacher_model: String,
    /// Dollars; null when the price is unknown.
    #[serde(default)]
    pub estimated_cost_usd: Option<f64>,
    /// When, RFC 3339.
    #[serde(default)]
    pub created_at: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Plan, "plan", version 1, depth 2);
