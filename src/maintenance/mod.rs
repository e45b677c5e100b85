//! The commands around sessions: loop, audit, check, prune, revert and refresh.

pub(crate) mod audit;
pub(crate) mod check;
#[cfg(test)]
mod golden_tests;
pub(crate) mod loop_stop;
pub(crate) mod looping;
pub(crate) mod prune;
pub(crate) mod refresh;
pub(crate) mod revert;
