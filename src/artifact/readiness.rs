//! `readiness.json`: whether the session can start, and the counts and states of traces and benchmark that decide this.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, artifact, first_version};
use crate::artifact::task::Split;
use crate::artifact::trace::TracePin;
use crate::digest::Digest;

/// The number of tasks in each split, and a digest of all tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkPin {
    /// Tasks that the teacher may see.
    pub train: usize,
    /// Tasks that decide about edits.
    pub gate: usize,
    /// Sealed tasks.
    pub test: usize,
    /// Tasks that nobody sees until a refresh draws them for the gate.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub reserve: usize,
    /// Digest of all tasks.
    pub digest: Digest,
}

/// A task that its scorer cannot use. It is in no split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnscorableTask {
    /// The task.
    pub task_id: String,
    /// The split that it would be in.
    pub split: Split,
    /// Its file, relative to the workspace, and its line, from 1: `benchmark/tasks.jsonl:7`.
    pub place: String,
    /// Why it cannot be scored, and the remedy.
    pub reason: String,
}

/// Number of reasons, and of tasks for each reason, that a message names.
const NAMED: usize = 3;

/// Says how many tasks cannot be scored, which ones, and why; `None` if all can be scored.
pub(crate) fn unscorable(tasks: &[UnscorableTask]) -> Option<String> {
    let mut reasons: Vec<(&str, Vec<&UnscorableTask>)> = Vec::new();
    for task in tasks {
        match reasons.iter_mut().find(|(reason, _)| *reason == task.reason) {
            Some((_, tasks)) => tasks.push(task),
            None => reasons.push((&task.reason, vec![task])),
        }
    }
    let of_reason = |(reason, tasks): &(&str, Vec<&UnscorableTask>)| {
        let named = tasks
            .iter()
            .map(|task| format!("{} (task {})", task.place, task.task_id));
        format!("{}: {reason}", first(named.collect()))
    };
    let all = match tasks.len() {
        0 => return None,
        1 => "1 task cannot be scored and is left out".to_owned(),
        count => format!("{count} tasks cannot be scored and are left out"),
    };
    let shown: Vec<String> = reasons.iter().take(NAMED).map(of_reason).collect();
    let rest: usize = reasons.iter().skip(NAMED).map(|(_, tasks)| tasks.len()).sum();
    let more = if rest > 0 {
        format!("; and {rest} more for other reasons")
    } else {
        String::new()
    };
    Some(format!("{all}: {}{more}", shown.join("; ")))
}

fn first(names: Vec<String>) -> String {
    match names.len() {
        0..=NAMED => names.join(", "),
        count => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
    }
}

/// Whether the session can start, and the evidence for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Whether the session can continue with the next phase.
    pub ready: bool,
    /// A summary in one line.
    pub message: String,
    /// Unmet requirements, each with its remedy.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Traces that can be used as evidence.
    pub usable_traces: usize,
    /// Traces that would be usable but are excluded by `[privacy]`.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub left_out_by_privacy: usize,
    /// Tasks that their scorers cannot use; they are in no split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unscorable: Vec<UnscorableTask>,
    /// The state of the trace store.
    pub traces: TracePin,
    /// The state of the benchmark.
    pub benchmark: BenchmarkPin,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Readiness, "readiness", version 1, depth 2);

#[cfg(test)]
mod tests {
    use super::*;

    fn task(line: usize, reason: &str) -> UnscorableTask {
        UnscorableTask {
            task_id: format!("t{line}"),
            split: Split::Gate,
            place: format!("b.jsonl:{line}"),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn unscorable_tasks_are_counted_and_the_first_are_named() {
        let say =
            |lines: &[(usize, &str)]| unscorable(&lines.iter().map(|(line, why)| task(*line, why)).collect::<Vec<_>>());
        assert_eq!(say(&[]), None);
        assert_eq!(
            say(&[(3, "no digits")]).unwrap(),
            "1 task cannot be scored and is left out: b.jsonl:3 (task t3): no digits"
        );
        assert_eq!(
            say(&[
                (1, "no judge"),
                (2, "bad"),
                (3, "no judge"),
                (4, "no judge"),
                (5, "no judge")
            ])
            .unwrap(),
            "5 tasks cannot be scored and are left out: b.jsonl:1 (task t1), b.jsonl:3 (task t3), b.jsonl:4 (task t4) and 1 \
             more: no judge; b.jsonl:2 (task t2): bad"
        );
        let many = say(&[(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]).unwrap();
        assert!(
            many.ends_with("b.jsonl:3 (task t3): c; and 2 more for other reasons"),
            "{many}"
        );
    }
}
