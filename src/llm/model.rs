//! Model: a language model as kaizen asks it.

use crate::digest::Digest;
use crate::llm::chat::{Reply, Request};

/// A language model as kaizen asks it: redacted, within budget, and nothing paid for twice.
pub trait Model: Send + Sync {
    /// Everything about the model that can change an answer; never a key.
    fn identity(&self) -> serde_json::Value;

    /// The digest of exactly what would be sent; the seed counts only where the server is sent one.
    fn rendered(&self, request: &Request) -> Digest;

    /// Asks.
    ///
    /// # Errors
    /// See [`AskError`].
    fn ask(&self, request: &Request) -> Result<Answer, AskError>;
}

/// What a language model said, and what it took.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it said.
    pub reply: Reply,
    /// Digest of what was asked.
    pub request: Digest,
    /// Dollars when it was asked; `None` when unknown.
    pub cost_usd: Option<f64>,
}

/// Why a language model gave no answer. The texts are for people and never hold a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The call would cost more than is left, or its price is unknown while there is a limit.
    #[error("{0}")]
    OverBudget(String),
    /// The server refuses this very request (400, 413, 422): what was asked is wrong.
    #[error("{0}")]
    Refused(String),
    /// The world failed: no server, no key, no access, busy for too long.
    #[error("{0}")]
    Unreachable(String),
    /// The question arrived, and no whole answer came back: it may have been charged for.
    #[error("{0}")]
    Late(String),
    /// The server answers, and not in its own format, however often it is asked.
    #[error("{0}")]
    Malformed(String),
}
