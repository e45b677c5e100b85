//! kaizen improves an LLM agent from its own traces.

pub mod artifact;
pub mod digest;
pub mod engine;
pub mod harness;
pub mod manifest;
pub mod op;
pub mod port;
pub mod redact;
