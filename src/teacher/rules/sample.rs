//! Draws the train tasks that are measured, and removes their own examples from the harness.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::artifact::task::Task;
use crate::digest::Digest;
use crate::harness::home::filled;
use crate::harness::{Harness, agents};
use crate::teacher::Briefing;
use crate::teacher::check::secret;

/// The number of folds. Each task is measured with examples from the other folds only.
const FOLDS: usize = 3;

/// One fold: the tasks that are held out and measured, and the tasks that may become examples.
pub(crate) struct Fold<'a> {
    /// The tasks that are measured.
    pub held_out: Vec<&'a Task>,
    /// The tasks that may be shown to the student.
    pub open: Vec<&'a Task>,
    /// The harness before any edit, without examples that equal a measured query.
    pub harness: Harness,
}

/// The agent that answers a task.
pub(crate) fn agent_of(task: &Task, default: &str) -> String {
    task.agent.clone().unwrap_or_else(|| default.to_owned())
}

/// The default agent of the briefing's harness.
pub(crate) fn default_agent(briefing: &Briefing) -> String {
    agents::default_agent(briefing.harness, briefing.layout)
}

/// A query in lower case, with normalized white space.
pub(crate) fn folded(query: &str) -> String {
    query.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// About `size` train tasks, with the same limit for each category, in an order drawn from the seed.
pub(crate) fn balanced<'a>(briefing: &Briefing<'a>, size: usize) -> Vec<&'a Task> {
    let mut by_category: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
    for task in shuffled(briefing) {
        by_category.entry(task.category.as_str()).or_default().push(task);
    }
    let share = size.div_ceil(by_category.len().max(1));
    by_category
        .into_values()
        .flat_map(|tasks| tasks.into_iter().take(share))
        .collect()
}

/// All train tasks, in an order drawn from the seed.
pub(crate) fn shuffled<'a>(briefing: &Briefing<'a>) -> Vec<&'a Task> {
    let seed = briefing.seed.to_le_bytes();
    let drawn = |task: &Task| Digest::of_parts([("seed", seed.as_slice()), ("task", task.task_id.as_bytes())]);
    let mut tasks: Vec<(Digest, &Task)> = briefing.train.iter().map(|task| (drawn(task), task)).collect();
    tasks.sort_by_key(|(drawn, _)| *drawn);
    tasks.into_iter().map(|(_, task)| task).collect()
}

/// The train tasks that may become examples, in an order drawn from the seed. A query with a key or password may not,
/// because the plan and the examples are committed to git.
pub(crate) fn open_tasks<'a>(briefing: &Briefing<'a>) -> Vec<&'a Task> {
    let may_be_shown = |task: &&Task| {
        let example = json!({"input": task.query, "output": task.reference_answer.as_str()});
        secret::in_json(&format!("{example:#}"), briefing.harness).is_empty()
    };
    shuffled(briefing).into_iter().filter(may_be_shown).collect()
}

/// The folds over a balanced sample.
pub(crate) fn folds<'a>(briefing: &Briefing<'a>, size: usize) -> Vec<Fold<'a>> {
    let sample = balanced(briefing, size);
    let all = open_tasks(briefing);
    let fold = |number: usize| {
        let held_out: Vec<&Task> = sample.iter().skip(number).step_by(FOLDS).copied().collect();
        let hidden: BTreeSet<String> = held_out.iter().map(|task| folded(&task.query)).collect();
        Fold {
            open: all
                .iter()
                .filter(|task| !hidden.contains(&folded(&task.query)))
                .copied()
                .collect(),
            harness: without_examples(briefing, &hidden),
            held_out,
        }
    };
    (0..FOLDS).map(fold).filter(|fold| !fold.held_out.is_empty()).collect()
}

/// The harness without few-shot examples whose input is in `hidden`; earlier sessions may have added train tasks.
pub(crate) fn without_examples(briefing: &Briefing, hidden: &BTreeSet<String>) -> Harness {
    let default = default_agent(briefing);
    let agents: BTreeSet<String> = briefing.train.iter().map(|task| agent_of(task, &default)).collect();
    agents.iter().fold(briefing.harness.clone(), |harness, agent| {
        let path = filled(&briefing.layout.few_shot, &[("agent", agent)]);
        let Some(Value::Array(mut examples)) = harness.text(&path).and_then(|text| serde_json::from_str(text).ok())
        else {
            return harness;
        };
        examples.retain(|example| {
            !example["input"]
                .as_str()
                .is_some_and(|input| hidden.contains(&folded(input)))
        });
        harness.with(path, Value::Array(examples).to_string())
    })
}
