//! The gate: accepts or rejects a candidate harness.
//!
//! Three modes, all pure. `rule` compares the means of one evaluation per arm, as OpenJarvis does. `exact` is for a
//! deterministic student: it makes only the runs that the decision needs, and confirms every flip. `sequential` is for a
//! noisy student: a betting game on paired differences with known error rates, built on `evidence`.
//!
//! The settings, the error budget and the record of a decision are in [`crate::artifact::gate`]. `power` and `preview`
//! compute what a trial can detect before it starts, `replay` repeats a decision from its record, `audit` compares two
//! states of the harness, and `prune` decides about an edit that is tried again. The guide explains them for users:
//! [`crate::guide::gate`].

pub mod audit;
mod deltas;
pub mod evidence;
pub mod exact;
pub mod order;
pub mod power;
pub mod replay;
mod rule;
pub mod sequential;
pub mod words;

pub use rule::{decide, decide_means, recompute, regressions, restate};

pub mod interval;
#[cfg(test)]
mod laws;
mod numbers;
pub mod preview;
pub mod prune;
pub mod trial;
