//! The trait for language models, and its errors.

use crate::artifact::Money;
use crate::digest::Digest;
use crate::llm::chat::{Reply, Request};

/// A language model. Calls are redacted, kept within the budget, and never paid for twice.
pub trait Model: Send + Sync {
    /// Every setting of the model that can change an answer; never a key.
    fn identity(&self) -> serde_json::Value;

    /// Digest of exactly what would be sent; it covers the seed only if the server receives one.
    fn rendered(&self, request: &Request) -> Digest;

    /// Asks the model.
    ///
    /// # Errors
    /// See [`AskError`].
    fn ask(&self, request: &Request) -> Result<ModelAnswer, AskError>;
}

/// The answer of a language model, and its cost.
#[derive(Clone, Debug)]
pub struct ModelAnswer {
    /// The reply.
    pub reply: Reply,
    /// Digest of the request.
    pub request: Digest,
    /// Cost in dollars when it was first asked; `None` when unknown.
    pub cost_usd: Option<Money>,
}

/// Why there is no answer. The messages are for people and never contain a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The call may exceed the budget, or there is a budget and its price is unknown.
    #[error("{0}")]
    OverBudget(String),
    /// The server rejects this request as invalid (400, 413, 422, or 404 for a model that the harness chose).
    #[error("{0}")]
    Refused(String),
    /// The infrastructure failed: no server, no key, no access, or a server busy for too long.
    #[error("{0}")]
    Unreachable(String),
    /// The request arrived, but no complete answer came back; it may have been charged for.
    #[error("{0}")]
    Late(String),
    /// The server's answers are not in its documented format, even after retries.
    #[error("{0}")]
    Malformed(String),
}
