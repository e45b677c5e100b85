//! A person's answer to a pending edit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;
use crate::digest::Digest;

/// What a person wants done with an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Gate it against today's head, and commit it if the gate agrees.
    Accept,
    /// Leave it alone.
    Reject,
}

/// An answer, bound to the edit that it was given for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Accept or reject.
    pub decision: Answer,
    /// Who answered.
    #[serde(default)]
    pub by: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: String,
    /// Why, in the person's words.
    #[serde(default)]
    pub why: String,
    /// The edit that was shown; the answer does not count for another one. Absent means the edit of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_digest: Option<Digest>,
    /// Commit without asking the gate; explicit, and recorded in the outcome.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_gate: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}
