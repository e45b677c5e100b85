//! Estimates before any attempt which gains the gate can detect, and how many attempts that takes.
//!
//! The model is simple. Runs of a task are independent and pass with a probability that [`noise`] estimates from the
//! baseline's two runs. An edit fixes the same share of every task's failures: `p + h (1 - p)`. The real game,
//! [`super::sequential`], is played a fixed number of times with outcomes drawn from fixed seeds, so the same question
//! has the same answer, byte for byte. The model ignores drift, infrastructure failures, and edits that help some tasks
//! and harm others.

pub(crate) mod calls;
pub(crate) mod noise;
pub(crate) mod play;
pub(crate) mod sample;
pub(crate) mod visible;

/// A change counts as detectable if its probability of being accepted is at least this.
pub(crate) const POWER: f64 = 0.8;

#[cfg(test)]
mod laws;
