//! Student: the agent under improvement.

pub(crate) mod chat;
pub(crate) mod command;
pub(crate) mod nearest;

use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::Harness;

/// The agent under improvement.
pub trait Student: Send + Sync {
    /// Everything about the student that can change an answer and does not stand in the harness.
    fn identity(&self) -> serde_json::Value;

    /// Whether the student can answer these tasks with this harness at all. Asked before the user's own harness is
    /// scored: a broken file is to be mended, not to count as 0. An edit that breaks a file is scored like any other.
    ///
    /// # Errors
    /// A message for people that names the file and what is wrong with it.
    fn check(&self, _harness: &Harness, _tasks: &[&Task]) -> Result<(), String> {
        Ok(())
    }

    /// Whether an attempt takes money or seconds: then each is remembered as soon as it is made, not all at the end.
    fn is_dear(&self) -> bool {
        false
    }

    /// Whether two harnesses draw the same chance where they are given the same seed, so that a pair of runs shares its
    /// luck.
    fn shares_chance(&self) -> bool {
        false
    }

    /// Reads a harness once, for many attempts.
    fn prepare(&self, harness: &Harness) -> Box<dyn Prepared>;
}

/// What tells one attempt at a task from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// Source of chance, where the student takes one.
    pub seed: u64,
    /// Which repetition of the same question this is: 0 for the first. The evaluator puts the epoch into the upper half and
    /// the run's number into the lower one. A server without a seed is asked anew for each.
    pub repeat: u64,
}

impl Draw {
    /// The first attempt with a seed.
    pub fn first(seed: u64) -> Self {
        Self { seed, repeat: 0 }
    }
}

/// A student that has read a harness.
pub trait Prepared: Send + Sync {
    /// The digest of everything in the harness that the answer to this task can depend on.
    fn footprint(&self, task: &Task) -> Digest;

    /// Whether another draw can change the answer to this task. Where it cannot, one run stands for all.
    fn varies(&self, _task: &Task) -> bool {
        true
    }

    /// Answers one task. The draw is the only source of chance.
    fn attempt(&self, task: &Task, draw: Draw) -> Attempt;
}
