//! Parses a teacher's reply into clusters and edits. The reply is untrusted.
//!
//! The answer is the last complete one outside of the model's reasoning. A later one that is not complete withdraws it.

mod answers;
mod clusters;
mod edits;
mod error;
#[cfg(test)]
mod hostile_tests;
mod tolerant;

pub(crate) use clusters::{FURTHER_FIELDS, ParsedClusters, cluster, clusters, drop_without_evidence, spoken};
pub(crate) use edits::{ParsedEdits, edits};
