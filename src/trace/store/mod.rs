//! Trace stores, one file an engine.

pub mod jsonl;
pub mod jsonl_lines;
pub mod jsonl_search;
pub mod jsonl_stamp;
pub mod openjarvis;
pub mod search_terms;
pub mod trace_pin;
pub mod trace_store;
