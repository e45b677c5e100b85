//! Engines: what stands behind a port, one file an engine.

pub mod jsonl;
pub mod jsonl_lines;
mod jsonl_search;
pub mod openjarvis;
pub mod search_terms;
pub mod trace_store;
