//! Rates that were really measured: the student is run again on the train tasks that a cluster names.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::artifact::cluster::FailureCluster;
use crate::artifact::task::Task;
use crate::teacher::Briefing;

/// Tasks of one cluster that the student is run on, at most.
const MOST: usize = 20;

/// The cluster with the rates that its train tasks show. `own` is what the teacher's answers to tasks were worth. A
/// cluster that names no task keeps the rates that the teacher states, and says that they are its word alone.
pub(super) fn measured(cluster: FailureCluster, briefing: &Briefing, own: &BTreeMap<String, f64>) -> FailureCluster {
    let tasks = tasks(&cluster, briefing);
    let scores: Vec<f64> = match tasks.is_empty() {
        true => Vec::new(),
        false => (briefing.run_student)(briefing.harness, &tasks)
            .iter()
            .filter_map(|attempted| attempted.score)
            .collect(),
    };
    let mut cluster = cluster;
    cluster.extra.insert("measured_tasks".into(), scores.len().into());
    if !scores.is_empty() {
        cluster.student_failure_rate = 1.0 - mean(&scores);
    }
    let own: Vec<f64> = tasks
        .iter()
        .filter_map(|task| own.get(&task.task_id).copied())
        .collect();
    if !own.is_empty() {
        cluster.teacher_success_rate = mean(&own);
    }
    cluster
}

/// The train tasks that a cluster names; anything else that it names is no train task, whatever it is.
fn tasks<'b>(cluster: &FailureCluster, briefing: &'b Briefing) -> Vec<&'b Task> {
    let named = cluster.extra.get("task_ids").and_then(Value::as_array);
    let named: Vec<&str> = named.into_iter().flatten().filter_map(Value::as_str).collect();
    let wanted = |task: &&Task| named.contains(&task.task_id.as_str());
    briefing.train.iter().filter(wanted).take(MOST).collect()
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}
