//! Few-shot examples drawn from train tasks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::sample::{agent_of, folded};
use crate::artifact::task::{Scorer, Task};

/// Up to `per_label` examples a label for one agent, in the tasks' order, after the examples it already has.
///
/// Only tasks whose reference is itself an answer can be shown.
pub(crate) fn chosen(existing: &[Value], open: &[&Task], agent: &str, default: &str, per_label: usize) -> Vec<Value> {
    let mut seen: BTreeSet<String> = existing
        .iter()
        .filter_map(|shot| shot["input"].as_str().map(folded))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shots = existing.to_vec();
    let showable = |task: &&&Task| matches!(task.scorer, Scorer::Exact) && agent_of(task, default) == agent;
    for task in open.iter().filter(showable) {
        let count = counts.entry(task.reference_answer.as_str()).or_default();
        if *count < per_label && seen.insert(folded(&task.query)) {
            *count += 1;
            shots.push(json!({"input": task.query, "output": task.reference_answer}));
        }
    }
    shots
}
