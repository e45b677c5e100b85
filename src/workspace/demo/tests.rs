//! Tests of the properties that the demo's content must have.

use std::collections::{BTreeMap, BTreeSet};

use super::agent;
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::{Scorer, Split, Task};
use crate::artifact::trace::Trace;
use crate::eval::score::score;
use crate::eval::student::nearest::Nearest;
use crate::eval::student::{Draw, Student};
use crate::harness::Harness;
use crate::manifest::layout::Layout;

fn content(path: &str) -> &'static str {
    agent().into_iter().find(|(name, _)| *name == path).unwrap().1
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

fn harness() -> Harness {
    let editable = agent().into_iter().filter(|(path, _)| !path.ends_with(".jsonl"));
    Harness::new(editable.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())))
}

fn replaced(harness: &Harness, path: &str, old: &str, new: &str) -> Harness {
    let text = harness.text(path).unwrap();
    assert!(text.contains(old), "{path} does not say {old}");
    harness.clone().with(path, text.replace(old, new))
}

/// The number of tasks solved, and of all tasks.
fn solved(harness: &Harness, wanted: impl Fn(&Task) -> bool) -> (usize, usize) {
    let agent = Nearest::new(Layout::default()).prepare(harness);
    let tasks: Vec<Task> = tasks().into_iter().filter(wanted).collect();
    let right = |task: &&Task| match agent.attempt(task, Draw::first(1)) {
        Attempt::Answered { answer, .. } => score(task, &answer).unwrap() > 0.5,
        other => panic!("{}: {other:?}", task.task_id),
    };
    (tasks.iter().filter(right).count(), tasks.len())
}

fn of_gate(task: &Task) -> bool {
    task.split() == Split::Gate
}

/// The initial agent with all improvements that need no review.
fn mended() -> Harness {
    let tools = replaced(
        &harness(),
        "config.toml",
        "\"date_calculator\"]",
        "\"date_calculator\", \"unit_converter\"]",
    );
    let vague = "Does stuff with what you type in.";
    let described = replaced(
        &tools,
        "tools/descriptions.toml",
        vague,
        "Calculates arithmetic: add, multiply, percent.",
    );
    let routed = replaced(&described, "config.toml", "long = \"pocket\"", "long = \"swift\"");
    let weighted = replaced(
        &routed,
        "config.toml",
        "weighting = \"count\"",
        "weighting = \"binary\"",
    );
    replaced(&weighted, "config.toml", "refuse_below = 0.0", "refuse_below = 0.25")
}

#[test]
fn the_starting_agent_is_plausible_and_flawed() {
    let (right, all) = solved(&harness(), of_gate);
    assert!((30..=50).contains(&(100 * right / all)), "{right} of {all}");
    for category in ["arithmetic", "units"] {
        assert_eq!(solved(&harness(), |task| task.category == category).0, 0, "{category}");
    }
}

#[test]
fn tools_routing_and_parameters_help_and_examples_help_more() {
    let (start, _) = solved(&harness(), of_gate);
    let (better, all) = solved(&mended(), of_gate);
    assert!(better >= start + all / 6, "{start} to {better} of {all}");
    let teachable = |task: &Task| task.split() == Split::Train && task.scorer == Scorer::Exact;
    let examples: Vec<_> = tasks()
        .into_iter()
        .filter(|task| teachable(task) && task.category != "out_of_scope")
        .map(|task| serde_json::json!({"input": task.query, "output": task.reference_answer}))
        .collect();
    let taught = mended().with("agents/assistant/few_shot.json", serde_json::to_vec(&examples).unwrap());
    let (best, _) = solved(&taught, of_gate);
    assert!(best >= better + all / 6, "{better} to {best} of {all}");
}

#[test]
fn nearly_every_question_for_a_tool_is_within_its_reach() {
    let (right, all) = solved(&mended(), |task| {
        matches!(task.category.as_str(), "arithmetic" | "units" | "dates")
    });
    assert!(10 * right >= 9 * all && right < all, "{right} of {all}");
}
