//! `readiness.json`: whether the session can start, and the counts and states of traces and benchmark that decide this.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::artifact::trace::TracePin;
use crate::digest::Digest;

/// The number of tasks in each split, and a digest of all tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkPin {
    /// Tasks that the teacher may see.
    pub train: usize,
    /// Tasks that decide about edits.
    pub gate: usize,
    /// Sealed tasks.
    pub test: usize,
    /// Tasks that nobody sees until a refresh draws them for the gate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserve: usize,
    /// Digest of all tasks.
    pub digest: Digest,
}

/// Whether the session can start, and the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Whether the session can continue with the next phase.
    pub ready: bool,
    /// A summary in one line.
    pub message: String,
    /// Unmet requirements, each with its remedy.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Traces that can be used as evidence.
    pub usable_traces: usize,
    /// Traces that would be usable but are excluded by `[privacy]`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out_by_privacy: usize,
    /// The state of the trace store.
    pub traces: TracePin,
    /// The state of the benchmark.
    pub benchmark: BenchmarkPin,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

artifact!(Readiness, "readiness", version 1, depth 2);
