//! A drift check: whether the student still answers as it did when its answers were cached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The result of asking remembered tasks again and comparing the scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftCheck {
    /// Tasks that have both an old and a new score.
    pub tasks: usize,
    /// Evidence that scores rose, as the logarithm of an e-value.
    pub log_e_above: f64,
    /// Evidence that scores fell, as the logarithm of an e-value.
    pub log_e_below: f64,
    /// Whether drift was found, so that the remembered answers are no longer used.
    pub dropped: bool,
}
