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

    /// The size in bytes of what would be sent; `None` if nothing is sent.
    fn size(&self, _request: &Request) -> Option<u64> {
        None
    }

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
    /// How long it took in seconds; `None` when unknown, as for an answer from the store.
    pub seconds: Option<f64>,
}

/// Why there is no answer. The messages are for people and never contain a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The call may exceed the budget, or there is a budget and its price is unknown.
    #[error("{0}")]
    OverBudget(String),
    /// The server rejects this request, and would reject it again.
    #[error("{}", .0.words)]
    Refused(RefusedRequest),
    /// A filter of the server stopped the content, or the server cannot read what the model wrote.
    #[error("{0}")]
    Filtered(String),
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

/// A request that the server rejects as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRequest {
    /// What the server rejects.
    pub part: RefusedPart,
    /// The server's words, for people.
    pub words: String,
}

/// The part of a request that a server rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusedPart {
    /// The model's name.
    Model,
    /// A field that the server does not support, by its name.
    Field(String),
    /// The value of a field.
    ValueOf(String),
    /// The length of the conversation.
    Length,
    /// The server does not say.
    Unknown,
}
