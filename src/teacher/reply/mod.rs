//! What a teacher says, read as clusters and edits. Everything in it is untrusted.

mod clusters;
mod edits;

pub use clusters::{clusters, drop_without_evidence};
pub use edits::{Dropped, ParsedEdits, ReplyError, edits};

/// Every JSON value in a text, the likeliest first.
pub fn values(text: &str) -> Vec<serde_json::Value> {
    crate::llm::json::find(text).values
}
