//! `checkpoints/<phase>.json`: digests of the files that a phase read and wrote.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// Digests of a phase's definition, reads and writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The phase.
    pub phase: String,
    /// Digest of its stanza, the settings that affect it, and its engine's identity.
    pub definition: Digest,
    /// Digest of every read, by name.
    pub reads: BTreeMap<String, Digest>,
    /// Digest of every write, by name.
    pub writes: BTreeMap<String, Digest>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Checkpoint, "checkpoint", version 1, depth 3);
