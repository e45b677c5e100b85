//! The gate: accepts or rejects a candidate harness.
//!
//! Three ways to judge, all pure. [`rule`] compares the means of one evaluation of each arm, as the ancestor does.
//! [`exact`] is for a student that answers the same way each time: it asks no more than the decision needs, and confirms
//! every flip. [`sequential`] is for a noisy one: a betting game on paired differences with known error rates, of which
//! [`evidence`] is the one primitive. [`settings`] says what each costs and buys, [`budget`] what an accept may still
//! cost, [`power`] what all this can see before it is begun, and [`record`] keeps all that a decision rests on, so that
//! anybody can [`replay`] it. [`audit`] compares two states of the harness, and [`retire`] says what becomes of an edit
//! that was asked about again.

pub(crate) mod audit;
mod deltas;
pub(crate) mod evidence;
pub(crate) mod exact;
pub(crate) mod order;
pub(crate) mod power;
pub(crate) mod replay;
mod rule;
pub(crate) mod sequential;
pub(crate) mod words;

pub use rule::decide;
#[cfg(test)] // decisions of the ancestor, from golden cases
pub(crate) use rule::{decide_means, regressions};
pub(crate) use rule::{recompute, restate};

pub(crate) mod interval;
#[cfg(test)]
mod laws;
mod numbers;
pub(crate) mod preview;
pub(crate) mod prune;
pub(crate) mod trial;
