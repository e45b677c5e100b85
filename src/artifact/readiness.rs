//! `readiness.json`: ready or not, with counts, and which state of the evidence the session relies on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::artifact::trace::TracePin;
use crate::digest::Digest;

/// How many tasks each split holds, and the digest of them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkPin {
    /// Tasks that the teacher may see.
    pub train: usize,
    /// Tasks that decide.
    pub gate: usize,
    /// Sealed tasks.
    pub test: usize,
    /// Tasks that nobody sees until they are drawn for the gate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reserve: usize,
    /// Digest of all tasks.
    pub digest: Digest,
}

/// Whether a session can be held, and on what evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Whether the session goes on.
    pub ready: bool,
    /// One line for people.
    pub message: String,
    /// What is missing, each with how to get it.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Traces that can be used as evidence.
    pub usable_traces: usize,
    /// Traces that could be, but for `[privacy]`.
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
