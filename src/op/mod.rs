//! Operations: pure functions from a harness to a harness.
