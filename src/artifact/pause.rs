//! `.kaizen/pause.json`: what a person asks of the run that works in a workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};

/// What a run does once its present edit is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pause {
    /// It ends. The same command continues.
    Stop,
    /// The rest of its plan waits for `kaizen release`.
    Hold,
}

/// A request to one process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PauseRequest {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What is asked.
    pub pause: Pause,
    /// The command and its process: `kaizen run, process 26816`. Other processes ignore the request.
    pub process: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(PauseRequest, "pause", version 1, depth 1);
