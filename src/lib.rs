//! kaizen improves an LLM agent from its own traces.

pub mod artifact;
pub mod cold_start;
pub mod digest;
pub mod engine;
pub mod gate;
pub mod harness;
pub mod ledger;
pub mod manifest;
pub mod op;
pub mod port;
pub mod reply;
pub mod route;
