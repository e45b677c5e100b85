//! The gate: accepts or rejects a candidate harness.
//!
//! Four modes, all pure. `sample` is for language models and programs: one exact test over all gate tasks. `exact` is for
//! a deterministic student: it makes only the runs that the decision needs, and confirms every flip. `sequential` is a
//! betting game on paired differences with known error rates, built on `evidence`. `rule` compares the means of one
//! evaluation per arm, as OpenJarvis does.
//!
//! The settings, the error budget and the record of a decision are in [`crate::artifact::gate`]. `power` and `preview`
//! compute what a trial can detect before it starts, `replay` repeats a decision from its record, `audit` compares two
//! states of the harness, `check` says whether one is worse, and `prune` decides about an edit that is tested again. The guide explains them for users:
//! [`crate::guide::gate`].

pub(crate) mod audit;
pub(crate) mod check;
mod deltas;
pub(crate) mod design;
pub(crate) mod evidence;
pub(crate) mod exact;
pub(crate) mod order;
pub(crate) mod power;
pub(crate) mod quantile;
pub(crate) mod replay;
mod rule;
pub(crate) mod sample;
pub(crate) mod sequential;
pub(crate) mod words;

pub use rule::decide;
#[cfg(test)] // decisions of OpenJarvis, from golden cases
pub(crate) use rule::{decide_means, regressions};
pub(crate) use rule::{recompute, restate};

#[cfg(test)]
mod laws;
pub(crate) mod preview;
pub(crate) mod prune;
pub(crate) mod trial;
