//! What a teacher says, read as clusters and edits. Everything in it is untrusted.

mod clusters;
mod edits;

pub use clusters::{clusters, drop_without_evidence};
pub use edits::{Dropped, ParsedEdits, ReplyError, edits};
