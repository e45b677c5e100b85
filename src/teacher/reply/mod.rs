//! Parses a teacher's reply into clusters and edits. The reply is untrusted.

mod clusters;
mod edits;
#[cfg(test)]
mod hostile_tests;

pub(crate) use clusters::{clusters, drop_without_evidence};
pub(crate) use edits::{ParsedEdits, edits};
