//! `trigger.json`: why a session exists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Artifact, Extra, first_version};

/// What started a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// A clock.
    Scheduled,
    /// A group of failing traces.
    Cluster,
    /// A person flagged a trace.
    UserFlag,
    /// A person asked for a session.
    OnDemand,
}

/// Why a session exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What started the session.
    #[serde(rename = "trigger")]
    pub kind: TriggerKind,
    /// Whatever the trigger knows: a schedule, trace ids, a reason.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// RFC 3339, UTC; empty when a dropped file does not say.
    #[serde(default)]
    pub created_at: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Artifact for Trigger {
    const NAME: &'static str = "trigger";
    const VERSION: u32 = 1;
    const DEPTH: usize = 2;

    fn version(&self) -> u32 {
        self.version
    }

    fn extra_mut(&mut self) -> &mut Extra {
        &mut self.extra
    }
}
