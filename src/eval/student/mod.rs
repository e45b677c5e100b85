//! The student, which is the agent under improvement.

pub(crate) mod chat;
pub(crate) mod command;
pub(crate) mod nearest;
pub(in crate::eval) mod program_failure;
pub(crate) mod skill_choice;

use crate::artifact::evaluation::Attempt;
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::Harness;
use crate::llm::chat::Request;

/// The agent under improvement.
pub trait Student: Send + Sync {
    /// Everything about the student, apart from the harness, that can change an answer.
    fn identity(&self) -> serde_json::Value;

    /// Checks that the student can run these tasks with this harness. Called before the user's own harness is scored,
    /// because a broken file should be repaired rather than scored 0. An edit that breaks a file is scored as usual.
    ///
    /// # Errors
    /// The student cannot run. The message for people names the file and the problem.
    fn check(&self, _harness: &Harness, _tasks: &[&Task]) -> Result<(), String> {
        Ok(())
    }

    /// Whether an attempt costs money or takes seconds. If so, each attempt is remembered immediately rather than all
    /// at the end.
    fn is_expensive(&self) -> bool {
        false
    }

    /// Whether the same seed gives two harnesses the same random choices, so that chance affects both runs of a pair
    /// equally.
    fn shares_chance(&self) -> bool {
        false
    }

    /// Reads a harness once for many attempts.
    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent>;
}

/// The values that distinguish one attempt at a task from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// The random seed, for students that use one.
    pub seed: u64,
    /// The number of the repetition of the same question, from 0. The evaluator puts the epoch into the upper half and
    /// the number of the run into the lower half. A server that takes no seed gets a new request for each repetition.
    pub repeat: u64,
}

impl Draw {
    /// The first attempt with a seed.
    pub fn first(seed: u64) -> Self {
        Self { seed, repeat: 0 }
    }

    /// An attempt that nothing remembered may answer: it shows what the service does now.
    pub(crate) fn live(seed: u64) -> Self {
        Self {
            seed,
            repeat: Request::LIVE,
        }
    }
}

/// A student that has read a harness.
pub trait PreparedStudent: Send + Sync {
    /// The digest of everything in the harness that can change the answer to this task.
    fn footprint(&self, task: &Task) -> Digest;

    /// Whether another draw can change the answer to this task. If not, one run counts for all runs.
    fn varies(&self, _task: &Task) -> bool {
        true
    }

    /// The size in bytes of the first request to a language model; `None` for a student that sends none.
    fn request_bytes(&self, _task: &Task) -> Option<u64> {
        None
    }

    /// Who answers this task, in a few words for people: the model, its server and its temperature.
    fn words(&self, _task: &Task) -> Option<String> {
        None
    }

    /// Answers one task. The draw is the only source of randomness.
    fn attempt(&self, task: &Task, draw: Draw) -> Attempt;
}
