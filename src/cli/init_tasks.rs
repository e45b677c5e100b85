//! The tasks that `kaizen init` is given.

use std::collections::BTreeSet;

use super::exit::{Code, CommandFailure};
use super::init::InitArgs;
use crate::artifact::task::{Scorer, Split, Task};
use crate::eval::benchmark;
use crate::eval::benchmark::BenchmarkError;
use crate::sys::disk;

/// All tasks with their split. An invalid task, such as one with an unknown scorer, is an error with file and line.
pub(crate) fn read_all(command: &InitArgs) -> Result<Vec<Task>, CommandFailure> {
    let several = command.train.is_some() || command.test.is_some();
    let gate = several.then_some(Split::Gate);
    let mut tasks: Vec<Task> = Vec::new();
    for (file, split) in [
        (&command.tasks, gate),
        (&command.train, Some(Split::Train)),
        (&command.test, Some(Split::Test)),
    ] {
        let Some(path) = file else { continue };
        if !path.is_file() {
            return Err(CommandFailure::usage(format!("{}: no such file", path.display())));
        }
        // The file is an argument, so an error in it is a usage error.
        let read = disk::open_named(path).map_err(BenchmarkError::from);
        let rows = read
            .and_then(|file| benchmark::read_tasks(file, path))
            .map_err(|error| CommandFailure {
                code: Code::Usage,
                ..error.into()
            })?;
        if rows.is_empty() {
            return Err(CommandFailure::usage(format!(
                "{}: it contains no tasks",
                path.display()
            )));
        }
        tasks.extend(rows.into_iter().map(|(_, task)| Task {
            split: Some(split.unwrap_or_else(|| task.split())),
            ..task
        }));
    }
    unique(&tasks)?;
    Ok(tasks)
}

fn unique(tasks: &[Task]) -> Result<(), CommandFailure> {
    let mut seen = BTreeSet::new();
    match tasks.iter().find(|task| !seen.insert(&task.task_id)) {
        Some(task) => Err(CommandFailure::usage(format!(
            "task_id `{}` occurs more than once in these files",
            task.task_id
        ))),
        None => Ok(()),
    }
}

/// The labels that the train tasks use as answers; empty if the answers are not labels.
pub(crate) fn labels(tasks: &[Task]) -> Vec<String> {
    let labelled = tasks
        .iter()
        .filter(|task| task.split() == Split::Train && task.scorer == Scorer::Exact);
    let answers: Vec<&str> = labelled.map(|task| task.reference_answer.as_str()).collect();
    let labels: BTreeSet<&str> = answers.iter().copied().collect();
    // Labels repeat; free-form answers do not.
    if labels.len() * 2 > answers.len() {
        Vec::new()
    } else {
        labels.into_iter().map(str::to_owned).collect()
    }
}
