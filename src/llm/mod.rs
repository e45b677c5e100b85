//! Language models: messages, providers, the client that redacts, counts and remembers, and what calls cost.

pub mod chat;
pub mod client;
pub mod estimate;
pub mod json;
pub mod model;
pub mod price;
pub mod provider;
pub mod redact;
pub mod retry;
