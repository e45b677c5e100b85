//! `.kaizen/intent.json`: the files about to be written, so that a torn write can be told from a person's edit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// One file about to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct IntendedFile {
    /// Path relative to the harness root.
    pub path: String,
    /// Digest before; absent when the file did not exist.
    pub before: Option<Digest>,
    /// Digest after; absent when the file is to go.
    pub after: Option<Digest>,
}

/// The one step that is not atomic: several files and a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Intent {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session.
    pub session_id: String,
    /// The files.
    pub files: Vec<IntendedFile>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Intent, "intent", version 1, depth 1);
