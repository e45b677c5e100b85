//! Power: what a benchmark can see before money is spent, and what looking takes.
//!
//! The model is simple, and says so. Runs of a task are independent, and pass with a chance that [`noise`] estimates from
//! the baseline's two runs. An edit fixes the same share of every task's failures: `p + h (1 - p)`. The trial of such
//! an edit is the real game, [`super::sequential`], played with drawn outcomes a fixed number of times from a fixed seed:
//! the same question has the same answer, byte for byte. Drift, failures of infrastructure, and edits that help some tasks
//! and harm others are not in the model.

pub(crate) mod calls;
pub(crate) mod noise;
pub(crate) mod play;
pub(crate) mod visible;

/// The chance of being accepted from which a change counts as visible.
pub(crate) const POWER: f64 = 0.8;

#[cfg(test)]
mod laws;
