//! Language models: messages, providers, the client that redacts, meters and stores calls, and prices.

pub(crate) mod bound;
pub(crate) mod chat;
pub(crate) mod client;
pub(crate) mod estimate;
pub(crate) mod failure;
pub(crate) mod failure_status;
mod failure_words;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod price;
pub(crate) mod provider;
pub(crate) mod redact;
pub(crate) mod retry;
