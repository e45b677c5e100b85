//! Watch: bells and sights. A bell says that something in a folder may have changed; a sight says what a file was like.

pub(crate) mod backoff;
pub(crate) mod change;
pub(crate) mod paths;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod trigger_rules;
pub(crate) mod triggers;
pub(crate) mod watcher;
