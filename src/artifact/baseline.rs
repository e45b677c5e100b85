//! `baseline.json`: the harness's scores before any edit, the check for drift, and the inputs that later phases rely
//! on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;
use super::probe::Probe;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// The evaluation of the harness before any edit, with everything that it depended on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The commit that the session builds on.
    pub harness_commit: String,
    /// Digest of the harness at that commit.
    pub harness: Digest,
    /// Digest of the whole benchmark.
    pub benchmark: Digest,
    /// The student's identity.
    pub student: serde_json::Value,
    /// The judge's identity; absent when no gate task is scored by a judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<serde_json::Value>,
    /// The student's random seed.
    pub seed: u64,
    /// The student's epoch. A detected drift starts a new one, and answers from earlier epochs are no longer used.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub epoch: u32,
    /// Result of the drift check; absent when too few answers were remembered for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftCheck>,
    /// The scores on the session's gate tasks.
    pub evaluation: Evaluation,
    /// A second run of the same tasks, which measures noise; absent when none was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Baseline, "baseline", version 1, depth 2);

/// The result of asking remembered tasks again and comparing the scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftCheck {
    /// Tasks that have both an old and a new score.
    pub tasks: usize,
    /// Evidence that scores rose, as the logarithm of an e-value.
    pub log_e_above: f64,
    /// Evidence that scores fell, as the logarithm of an e-value.
    pub log_e_below: f64,
    /// Whether drift was found, so that the remembered answers are no longer used.
    pub dropped: bool,
}
