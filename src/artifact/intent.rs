//! `.kaizen/intent.json`: the files about to be written, to tell an interrupted write from a user's change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// One file that is about to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct IntendedFile {
    /// Path, relative to the harness root.
    pub path: String,
    /// Digest before the write; null if the file does not exist yet.
    pub before: Option<Digest>,
    /// Digest after the write; null if the file is to be deleted.
    pub after: Option<Digest>,
}

/// The only step that is not atomic: writing several files and a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WriteIntent {
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

artifact!(WriteIntent, "intent", version 1, depth 1);
