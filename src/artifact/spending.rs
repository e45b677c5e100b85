//! `spending.jsonl`: one line for each answer of a language model that was paid for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::egress::Role;
use crate::chat::Usage;
use crate::digest::Digest;

/// The file's name in a session.
pub const FILE: &str = "spending.jsonl";

/// One answer that was paid for. What is remembered is not paid again, and has no second line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spending {
    /// RFC 3339.
    pub at: String,
    /// Who asked.
    pub role: Role,
    /// The model that was asked.
    pub model: String,
    /// Digest of what was asked, as in `egress.jsonl`.
    pub request: Digest,
    /// Tokens; null when the server does not say.
    pub usage: Option<Usage>,
    /// Dollars; null when the price or the tokens are unknown.
    pub cost_usd: Option<f64>,
    /// What the budget counts where the cost is unknown, dollars; null when the price is unknown as well.
    #[serde(default)]
    pub estimated_usd: Option<f64>,
}
