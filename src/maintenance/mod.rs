//! The commands around sessions: loop, audit, prune, revert and refresh.

pub(crate) mod audit;
#[cfg(test)]
mod golden_tests;
pub(crate) mod loop_stop;
pub(crate) mod looping;
pub(crate) mod prune;
pub(crate) mod refresh;
pub(crate) mod revert;
