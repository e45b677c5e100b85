//! The gate: accepts or rejects a candidate harness.
//!
//! Three ways to judge, all pure. [`rule`] compares the means of one evaluation of each arm, as the ancestor does.
//! [`exact`] is for a student that answers the same way each time: it asks no more than the decision needs, and confirms
//! every flip. [`sequential`] is for a noisy one: a betting game on paired differences with known error rates, of which
//! [`evidence`] is the one primitive. [`settings`] explains the costs and benefits of each. [`budget`] computes what an
//! accept may still cost, and [`power`] what the gate can detect before it starts. [`record`] keeps everything that a
//! decision depends on, so that anybody can [`replay`] it. [`audit`] compares two states of the harness, and [`prune`]
//! decides about an applied edit that is tested again.
//!
//! [`settings`]: crate::artifact::gate::settings
//! [`budget`]: crate::artifact::gate::budget
//! [`record`]: crate::artifact::gate::record

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
