//! `after.json`: the harness's scores after the last edit, task by task; `session.json` has only the means.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// The file's name in a session.
pub(crate) const FILE: &str = "after.json";

/// The evaluation of the harness after the last edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct After {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Digest of the harness.
    pub harness: Digest,
    /// The scores on the session's gate tasks; empty if they were not measured.
    pub evaluation: Evaluation,
    /// Why the harness was not measured; absent if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(After, "after", version 1, depth 2);

impl After {
    /// Whether the harness was measured.
    pub(crate) fn is_measured(&self) -> bool {
        self.not_measured.is_none()
    }
}
