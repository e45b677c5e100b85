//! One attempt of the student, to see that it answers, how long that takes and what it costs.

use super::{DoctorRow, bad, failed, good, not_tried};
use crate::artifact::evaluation::{Attempt, AttemptUsage};
use crate::artifact::task::{Split, Task};
use crate::cli::render::shortened;
use crate::eval::student::Draw;
use crate::harness::Harness;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::{Inputs, present_harness};

/// The longest part of an answer that is shown, in characters.
const LONGEST: usize = 60;

/// Asks the student a train task, so that no task of the gate is used.
pub(super) fn attempt(workspace: &Workspace, inputs: &Inputs) -> DoctorRow {
    let tasks = inputs.benchmark().map(|benchmark| benchmark.split(Split::Train));
    let task = match tasks {
        Ok(tasks) => tasks.into_iter().next(),
        Err(error) => return failed("trial", error),
    };
    let Some(task) = task else {
        return not_tried(
            "trial",
            "there is no train task to ask",
            "add train tasks to benchmark/*.jsonl",
        );
    };
    match workspace.may_evaluate([&task]) {
        Ok(()) => {}
        Err(RunError::Untrusted(_)) => return not_tried("trial", "the student is not approved", "kaizen trust"),
        Err(error) => return failed("trial", error),
    }
    match present_harness(workspace, inputs) {
        Ok(harness) => asked(workspace, &harness, &task),
        Err(error) => failed("trial", error),
    }
}

fn asked(workspace: &Workspace, harness: &Harness, task: &Task) -> DoctorRow {
    if let Err(problem) = workspace.student.check(harness, &[task]) {
        return bad("trial", problem, "correct it, then try again");
    }
    let begun = workspace.clock.now();
    let student = workspace.student.prepare(harness);
    let attempt = student.attempt(task, Draw::live(0));
    let seconds = workspace.clock.seconds_since(begun);
    match attempt {
        Attempt::Answered { answer, used, .. } => good("trial", answered(&answer, seconds, used)),
        Attempt::Failed { reason } => bad(
            "trial",
            reason,
            "the agent itself fails: try it by hand with this query",
        ),
        Attempt::Infra { reason } => bad(
            "trial",
            reason,
            "start the student's program or server, or correct [student]",
        ),
        Attempt::Refused { reason } => bad("trial", reason, "correct the setting that the server names"),
    }
}

fn answered(answer: &str, seconds: Option<f64>, used: Option<AttemptUsage>) -> String {
    let line = shortened(answer);
    let shown: String = line.chars().take(LONGEST).collect();
    let time = seconds.map_or(String::new(), |seconds| format!(", {seconds:.1} s"));
    let cost = used
        .and_then(|used| used.cost_usd)
        .map_or(String::new(), |cost| format!(", {} USD", cost.usd()));
    format!("a train task was answered{time}{cost}: {shown}")
}
