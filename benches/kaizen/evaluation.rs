//! Benchmark of evaluating a task set.
#![allow(clippy::disallowed_methods)] // a benchmark: files, processes, clocks

use kaizen::Layout;
use kaizen::artifact::Task;
use kaizen::internals::DiskMemo;
use kaizen::internals::Nearest;
use kaizen::internals::Root;
use kaizen::internals::starter;
use kaizen::internals::{Evaluator, evaluate};
use kaizen::internals::{Forgetful, Memo};
use serde_json::json;

use crate::fixture::sentence;
use crate::measure::{Outcome, median, row, timed};

/// 5,000 tasks of 150 labels, answered by `nearest` from 1,500 examples.
pub fn evaluation() -> Outcome<()> {
    let labels: Vec<String> = (0..150).map(|at| format!("label_{at}")).collect();
    let query = |at: usize| format!("{} topic{} {}", sentence(at, 4), at % 150, sentence(at + 7, 4));
    let examples: Vec<_> = (0..1500)
        .map(|at| json!({"input": query(at), "output": labels[at % 150]}))
        .collect();
    let harness = starter(&labels, "intent").with("agents/intent/few_shot.json", serde_json::to_string(&examples)?);
    let task = |at: usize| {
        serde_json::from_value(
            json!({"task_id": format!("task-{at}"), "query": query(at + 10_000 * 150),
        "reference_answer": labels[at % 150], "split": "gate"}),
        )
    };
    let tasks = (0..5000).map(task).collect::<Result<Vec<Task>, _>>()?;
    let all: Vec<&Task> = tasks.iter().collect();
    let student = Nearest::new(Layout::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let run = |memo: &dyn Memo| {
        let score =
            |task: &Task, answer: &str| kaizen::internals::score(task, answer).map_err(|error| error.to_string());
        let evaluator = Evaluator {
            student: &student,
            memo,
            score: &score,
            seed: 0,
            epoch: 0,
            concurrency: cores,
            progress: &|_, _| {},
            gauge: &Default::default(),
            halted: &|| None,
        };
        evaluate(&evaluator, &harness, &all).map_or(0.0, |evaluation| evaluation.overall_score)
    };
    let mut overall = 0.0;
    let new = median(|| {
        timed(|| {
            overall = run(&Forgetful);
            Ok(())
        })
    })?;
    row(
        &format!("evaluate 5,000 tasks, 1,500 examples, {cores} threads (score {overall:.2})"),
        new,
    );
    let folder = tempfile::tempdir()?;
    let memo = DiskMemo::open(&Root::open(folder.path())?, "memo.db")?;
    run(&memo);
    let again = median(|| {
        timed(|| {
            run(&memo);
            Ok(())
        })
    })?;
    row("again, with all attempts from the cache", again);
    Ok(())
}
