//! Engines: what stands behind a port, one file an engine.
pub mod nearest;
pub mod rules;
