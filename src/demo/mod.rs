//! The demo workspace: a household assistant with evidence and a benchmark, all of it written for kaizen.

/// The files of the demo workspace, as (path relative to the workspace, contents), without a manifest.
pub fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        ("config.toml", include_str!("config.toml")),
        ("agents/assistant/system_prompt.md", include_str!("system_prompt.md")),
        ("agents/assistant/few_shot.json", include_str!("few_shot.json")),
        ("tools/descriptions.toml", include_str!("descriptions.toml")),
        ("benchmark/tasks.jsonl", include_str!("tasks.jsonl")),
        ("traces/2026.jsonl", include_str!("traces.jsonl")),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::files;
    use crate::artifact::task::{Split, Task};
    use crate::artifact::trace::Trace;

    fn content(path: &str) -> &'static str {
        files().into_iter().find(|(name, _)| *name == path).unwrap().1
    }

    fn rows<T: serde::de::DeserializeOwned>(path: &str) -> Vec<T> {
        content(path)
            .lines()
            .enumerate()
            .map(|(index, line)| serde_json::from_str(line).unwrap_or_else(|e| panic!("{path}:{}: {e}", index + 1)))
            .collect()
    }

    fn tasks() -> Vec<Task> {
        rows("benchmark/tasks.jsonl")
    }

    fn traces() -> Vec<Trace> {
        rows("traces/2026.jsonl")
    }

    /// Queries that differ only in case, spacing or punctuation count as the same.
    fn folded(query: &str) -> String {
        let words = query
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn there_are_enough_tasks_of_every_split_and_category() {
        let tasks = tasks();
        assert!(tasks.len() >= 180, "{} tasks", tasks.len());
        let mut counts: BTreeMap<(Split, &str), usize> = BTreeMap::new();
        for task in &tasks {
            let split = task.split.expect("the split of a demo task is explicit");
            *counts.entry((split, &task.category)).or_default() += 1;
        }
        let categories: BTreeSet<&str> = tasks.iter().map(|task| task.category.as_str()).collect();
        for category in categories {
            for (split, least) in [(Split::Train, 5), (Split::Gate, 5), (Split::Test, 1)] {
                let count = counts.get(&(split, category)).copied().unwrap_or(0);
                assert!(count >= least, "{category} has {count} {} tasks", split.name());
            }
        }
    }

    #[test]
    fn no_two_tasks_share_an_id_or_a_query() {
        let (mut ids, mut queries) = (BTreeSet::new(), BTreeSet::new());
        for task in tasks() {
            assert!(queries.insert(folded(&task.query)), "{} is asked twice", task.query);
            assert!(ids.insert(task.task_id.clone()), "{} is used twice", task.task_id);
        }
    }

    #[test]
    fn traces_are_distinct_and_answer_no_gate_or_test_task() {
        let closed: BTreeSet<String> = tasks()
            .iter()
            .filter(|task| task.split() != Split::Train)
            .map(|task| folded(&task.query))
            .collect();
        let traces = traces();
        let ids: BTreeSet<&str> = traces.iter().map(|trace| trace.trace_id.as_str()).collect();
        assert!(traces.len() >= 130, "{} traces", traces.len());
        assert_eq!(ids.len(), traces.len());
        for trace in &traces {
            assert!(
                !closed.contains(&folded(&trace.query)),
                "{} gives {} away",
                trace.trace_id,
                trace.query
            );
        }
    }

    #[test]
    fn every_trace_says_how_it_ended_and_when() {
        for trace in traces() {
            let id = &trace.trace_id;
            assert!(matches!(trace.outcome.as_deref(), Some("success" | "failure")), "{id}");
            assert!(
                trace.feedback.is_none_or(|rating| (0.0..=1.0).contains(&rating)),
                "{id}"
            );
            assert!(trace.started_at < trace.ended_at && !trace.steps.is_empty(), "{id}");
            let year = 1_767_225_600.0..1_798_761_600.0;
            assert!(
                trace.started_at.is_some_and(|at| year.contains(&at)),
                "{id} is not of 2026"
            );
        }
    }

    #[test]
    fn the_harness_files_parse() {
        for path in ["config.toml", "tools/descriptions.toml"] {
            content(path).parse::<toml_edit::DocumentMut>().unwrap();
        }
        let examples: Vec<BTreeMap<String, String>> =
            serde_json::from_str(content("agents/assistant/few_shot.json")).unwrap();
        assert!(
            examples
                .iter()
                .all(|example| example.contains_key("input") && example.contains_key("output"))
        );
    }
}
