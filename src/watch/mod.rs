//! Watch: bells and sights. A bell says that something in a folder may have changed; a sight says what a file was like.

pub mod backoff;
pub mod change;
pub mod paths;
pub mod run;
pub mod snapshot;
pub mod trigger_rules;
pub mod triggers;
pub mod watcher;
