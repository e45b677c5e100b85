//! Divides the train tasks of an agent: those that choose, those that measure what was chosen, and those that may become
//! examples.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::task::Task;
use crate::teacher::rules::sample::folded;

/// The tasks of one agent. No task is in two parts.
pub(super) struct TaskSplit<'a> {
    /// The tasks on which configurations race.
    pub race: Vec<&'a Task>,
    /// The tasks that measure the winner. They choose nothing, so they do not flatter it.
    pub fresh: Vec<&'a Task>,
    /// The tasks that may become examples.
    pub pool: Vec<&'a Task>,
}

impl<'a> TaskSplit<'a> {
    /// Divides the tasks, which are in a random order, with at most `most` tasks in the race. Every group of references or
    /// categories has its share of each part, and half of it stays for examples.
    pub(super) fn of(tasks: &[&'a Task], most: usize) -> Self {
        let mut groups: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
        for task in tasks {
            groups.entry(key(task)).or_default().push(task);
        }
        let mut pool = Vec::new();
        let mut measured: Vec<Vec<&Task>> = Vec::new();
        for group in groups.into_values() {
            let (examples, rest) = group.split_at(group.len().div_ceil(2));
            pool.extend_from_slice(examples);
            measured.push(rest.to_vec());
        }
        let mut race = interleaved(&measured);
        let mut fresh = race.split_off(most.min((race.len() * 3).div_ceil(5)));
        pool.extend(fresh.split_off(fresh.len().min(2 * most)));
        Self { race, fresh, pool }
    }

    /// The queries that are measured, folded.
    pub(super) fn hidden(&self) -> BTreeSet<String> {
        self.race
            .iter()
            .chain(&self.fresh)
            .map(|task| folded(&task.query))
            .collect()
    }
}

/// The group of a task: its category, or its reference if it states no category.
fn key(task: &Task) -> &str {
    match task.category.as_str() {
        "general" | "" => task.reference_answer.as_str(),
        category => category,
    }
}

/// One task of each group in turn.
fn interleaved<'a>(groups: &[Vec<&'a Task>]) -> Vec<&'a Task> {
    let longest = groups.iter().map(Vec::len).max().unwrap_or_default();
    let turn = |at: usize| groups.iter().filter_map(move |group| group.get(at).copied());
    (0..longest).flat_map(turn).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_task_is_in_two_parts_and_every_group_in_each() {
        for (count, sizes) in [(120, [36, 24, 60]), (400, [38, 76, 286]), (7, [2, 1, 4]), (0, [0; 3])] {
            let task = |at: usize| -> Task {
                serde_json::from_value(json!({
                    "task_id": at.to_string(), "query": at.to_string(), "reference_answer": "x", "category": format!("c{}", at % 4)
                }))
                .unwrap()
            };
            let tasks: Vec<Task> = (0..count).map(task).collect();
            let split = TaskSplit::of(&tasks.iter().collect::<Vec<_>>(), 38);
            let parts = [&split.race, &split.fresh, &split.pool];
            assert_eq!(parts.map(Vec::len), sizes, "{count}");
            let ids: BTreeSet<&str> = parts.into_iter().flatten().map(|task| task.task_id.as_str()).collect();
            assert_eq!(ids.len(), count);
            let categories: BTreeSet<&str> = split.race.iter().take(4).map(|task| task.category.as_str()).collect();
            assert_eq!(categories.len(), sizes[0].min(4));
        }
    }
}
