//! What is done to a harness between sessions: loop, audit, prune, revert and refresh.

pub mod audit;
pub mod loop_stop;
pub mod looping;
pub mod prune;
pub mod refresh;
pub mod take_back;
