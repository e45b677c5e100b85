//! What a teacher says, read as clusters and edits. Everything in it is untrusted.

mod clusters;
mod edits;
#[cfg(test)]
mod hostile_tests;

pub(crate) use clusters::{clusters, drop_without_evidence};
pub(crate) use edits::{ParsedEdits, edits};
