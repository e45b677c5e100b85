//! `baseline.json`: what the harness was worth before any edit, and what later phases rely on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drift_check::DriftCheck;
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
    /// What identifies the student.
    pub student: serde_json::Value,
    /// What identifies the judge, when a gate task wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<serde_json::Value>,
    /// Seed of the student's chance.
    pub seed: u64,
    /// Which answers that vary are used: a new epoch begins where the older ones no longer hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u32,
    /// Whether the student still answers as it did; absent where too little was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftCheck>,
    /// The scores on the session's gate tasks.
    pub evaluation: Evaluation,
    /// What a second run of the same tasks says about noise, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

artifact!(Baseline, "baseline", version 1, depth 2);
