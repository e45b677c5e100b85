//! `kaizen watch`: a file watcher reports paths that may have changed, snapshots show which files did, and the watch
//! loop runs what became stale.

pub(crate) mod backoff;
pub(crate) mod change;
pub(crate) mod followed;
pub(crate) mod paths;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod trigger_rules;
pub(crate) mod triggers;
pub(crate) mod watcher;
