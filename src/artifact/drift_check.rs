//! A drift check: whether the student still answers as it did when its answers were remembered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Remembered tasks that were asked once more, and what the differences say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftCheck {
    /// Tasks with a score then and now.
    pub tasks: usize,
    /// Evidence that scores rose, as the logarithm of an e-value.
    pub log_e_above: f64,
    /// Evidence that scores fell.
    pub log_e_below: f64,
    /// Whether what was remembered is not used any more.
    pub dropped: bool,
}
