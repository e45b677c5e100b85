//! Phases: one file a phase, each a function from what it reads to what it writes.

pub mod audit;
pub mod baseline;
pub mod brief;
pub mod diagnose;
pub mod drift;
pub mod execute;
pub mod forecast;
mod merge;
pub mod plan;
pub mod readiness;
pub mod record;
pub mod rederive;
pub mod retire;
pub mod taken;
pub mod trial;
