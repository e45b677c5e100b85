//! What is asked of a student: a task with its draw, and the key by which the answer is remembered.

use super::{Evaluator, Run};
use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::eval::student::{Draw, Prepared};

/// One run as the student and the memo see it.
pub(super) struct Question<'t> {
    pub task: &'t Task,
    pub draw: Draw,
    pub key: Digest,
}

/// The questions that runs stand for. Where the student cannot vary, all runs of a task are one question.
pub(super) fn questions<'t>(evaluator: &Evaluator, prepared: &dyn Prepared, runs: &[Run<'t>]) -> Vec<Question<'t>> {
    let identity = evaluator.student.identity();
    let question = |run: &Run<'t>| {
        let (number, epoch) = match prepared.varies(run.task) {
            true => (run.number, evaluator.epoch),
            false => (0, 0),
        };
        let draw = draw(run.task, evaluator.seed, number, epoch);
        Question {
            task: run.task,
            draw,
            key: key(&identity, prepared, run.task, draw.seed),
        }
    };
    runs.iter().map(question).collect()
}

/// Both arms of a comparison draw the same chance for the same run of a task.
fn draw(task: &Task, seed: u64, number: u32, epoch: u32) -> Draw {
    let repeat = u64::from(epoch) << 32 | u64::from(number);
    let drawn = match repeat {
        0 => Digest::of_value(&(seed, &task.task_id)),
        _ => Digest::of_value(&(seed, &task.task_id, number, epoch)),
    };
    Draw {
        seed: drawn.seed(),
        repeat,
    }
}

/// Everything that an answer depends on. The reference, the category and the split are not in it: the student does not see them.
fn key(identity: &serde_json::Value, prepared: &dyn Prepared, task: &Task, seed: u64) -> Digest {
    Digest::of_value(&(identity, prepared.footprint(task), &task.query, &task.agent, seed))
}
