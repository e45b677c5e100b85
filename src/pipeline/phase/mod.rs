//! Phases: one file a phase, each a function from what it reads to what it writes.

pub mod baseline;
pub mod drift;
pub mod readiness;
pub mod record;
