//! `checkpoints/<phase>.json`: the exact bytes that a phase was given and that it left.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// What a phase was, read and wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The phase.
    pub phase: String,
    /// Digest of its stanza, the settings that it obeys, and its engine's identity.
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
