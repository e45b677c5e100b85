//! Phases: one file a phase, each a function from what it reads to what it writes.

pub(crate) mod baseline;
pub(crate) mod drift;
pub(crate) mod readiness;
pub(crate) mod record;
