//! The rules by which traces start a session: flagged traces, and groups of traces with too many failures.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::artifact::trace::Trace;
use crate::manifest::TriggersSection;

/// The metadata of a trigger.
pub(crate) type Metadata = Map<String, Value>;

/// Feedback below this, 0 to 1, counts as a failure if the trace has no outcome.
const POOR: f64 = 0.5;

/// A trigger for all flagged traces that no trigger has listed yet.
pub(crate) fn flagged<'a>(traces: impl IntoIterator<Item = &'a Trace>, known: &BTreeSet<String>) -> Option<Metadata> {
    let new = traces
        .into_iter()
        .filter(|trace| is_flagged(trace) && !known.contains(&trace.trace_id));
    let ids: BTreeSet<&str> = new.map(|trace| trace.trace_id.as_str()).collect();
    let first = ids.first()?;
    Some(as_map(json!({"trace_id": first, "trace_ids": ids})))
}

/// Whether a person flagged the trace: `"user_flag": true`, as a field of the trace or in its metadata.
pub(crate) fn is_flagged(trace: &Trace) -> bool {
    let flag = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
    flag(trace.extra.get("user_flag")) || flag(trace.metadata.get("user_flag"))
}

/// A trigger for the group of recent traces with the most failures, if these are enough for a session.
pub(crate) fn cluster<'a>(traces: impl IntoIterator<Item = &'a Trace>, rules: &TriggersSection) -> Option<Metadata> {
    let mut groups: BTreeMap<(String, String), RunGroup> = BTreeMap::new();
    for trace in traces {
        groups.entry(group_of(trace)).or_default().add(trace);
    }
    let enough = |group: &RunGroup| {
        rules.cluster_failures > 0 && group.failed.len() >= rules.cluster_failures && group.rate() >= rules.cluster_rate
    };
    let (name, group) = groups
        .iter()
        .filter(|(_, group)| enough(group))
        .max_by_key(|(_, group)| group.failed.len())?;
    Some(as_map(json!({
        "cluster_description": format!("{} of {} runs failed: {}", group.failed.len(), group.all, description(name)),
        "trace_ids": group.failed,
        "failure_rate": group.rate()
    })))
}

/// The runs of one agent and category.
#[derive(Default)]
struct RunGroup {
    all: usize,
    failed: BTreeSet<String>,
}

impl RunGroup {
    fn add(&mut self, trace: &Trace) {
        self.all += 1;
        if has_failed(trace) {
            self.failed.insert(trace.trace_id.clone());
        }
    }

    fn rate(&self) -> f64 {
        self.failed.len() as f64 / self.all.max(1) as f64
    }
}

/// The agent and the category of a trace.
fn group_of(trace: &Trace) -> (String, String) {
    let category = trace
        .metadata
        .get("category")
        .and_then(Value::as_str)
        .unwrap_or_default();
    (trace.agent.clone().unwrap_or_default(), category.to_owned())
}

fn description((agent, category): &(String, String)) -> String {
    let named = |what: &str, name: &str| (!name.is_empty()).then(|| format!("{what} {name}"));
    let parts: Vec<String> = [named("agent", agent), named("category", category)]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        "all agents".to_owned()
    } else {
        parts.join(", ")
    }
}

fn has_failed(trace: &Trace) -> bool {
    match trace.outcome.as_deref() {
        Some("failure") => true,
        Some("success") => false,
        _ => trace.rating().is_some_and(|rating| rating < POOR),
    }
}

fn as_map(value: Value) -> Metadata {
    match value {
        Value::Object(map) => map,
        _ => Metadata::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(id: &str, more: Value) -> Trace {
        let mut value = json!({"trace_id": id, "query": "q"});
        value.as_object_mut().unwrap().extend(as_map(more));
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn flagged_traces_ask_once() {
        let traces = [
            trace("a", json!({"user_flag": true})),
            trace("b", json!({"metadata": {"user_flag": true}})),
            trace("c", json!({"user_flag": "no"})),
            trace("d", json!({})),
        ];
        let known = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let asked = flagged(&traces, &known(&[])).unwrap();
        assert_eq!(asked["trace_ids"], json!(["a", "b"]));
        assert_eq!(flagged(&traces, &known(&["a"])).unwrap()["trace_id"], "b");
        assert_eq!(flagged(&traces, &known(&["a", "b"])), None);
    }

    #[test]
    fn a_group_asks_when_enough_of_it_failed() {
        let rules = |cluster_failures, cluster_rate| TriggersSection {
            cluster_failures,
            cluster_rate,
            ..TriggersSection::default()
        };
        let traces = [
            trace("a", json!({"agent": "x", "outcome": "failure"})),
            trace("b", json!({"agent": "x", "feedback": 0.2})),
            trace("c", json!({"agent": "x", "outcome": "success", "feedback": 0.1})),
            trace("d", json!({"agent": "y", "outcome": "failure"})),
            trace("f", json!({"agent": "z", "feedback": -1})),
            trace("g", json!({"agent": "z", "feedback": 5})),
            trace(
                "e",
                json!({"agent": "x", "outcome": "failure", "metadata": {"category": "dates"}}),
            ),
        ];
        let asked = cluster(&traces, &rules(2, 0.5)).unwrap();
        assert_eq!(asked["trace_ids"], json!(["a", "b"]));
        assert_eq!(asked["cluster_description"], "2 of 3 runs failed: agent x");
        for (failures, rate) in [(0, 0.0), (3, 0.5), (2, 0.7)] {
            assert_eq!(cluster(&traces, &rules(failures, rate)), None, "{failures} {rate}");
        }
        assert!(cluster([], &rules(1, 0.0)).is_none());
        assert!(
            cluster(&traces[4..6], &rules(1, 0.0)).is_none(),
            "ratings on another scale"
        );
    }
}
