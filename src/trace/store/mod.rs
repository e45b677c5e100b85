//! Trace stores: JSON Lines files and OpenJarvis databases.

pub(crate) mod jsonl;
pub(crate) mod jsonl_lines;
pub(crate) mod jsonl_search;
pub(crate) mod openjarvis;
pub(crate) mod search_terms;
pub(crate) mod trace_store;
