//! Engines: what stands behind a port, one file an engine.

pub(crate) mod agents;
pub mod chat_student;
pub mod command_student;
pub mod elsewhere;
mod home;
pub mod jsonl;
pub mod jsonl_lines;
mod jsonl_search;
mod jsonl_stamp;
pub mod judge;
pub mod memo;
pub mod nearest;
pub mod openjarvis;
pub mod rules;
pub mod search_terms;
mod trace_pin;
pub mod trace_store;
