//! Reads the clusters of failures from a teacher's diagnosis.

use serde_json::{Map, Value};

use crate::artifact::Extra;
use crate::artifact::diagnosis::FailureCluster;
use crate::llm::json;

/// Fields that distinguish a cluster from other JSON.
const MARKS: [&str; 4] = [
    "description",
    "student_failure_rate",
    "teacher_success_rate",
    "skill_gap",
];

/// The clusters in a text: the first list that looks like clusters, whether fenced, bare or inside an object.
pub(crate) fn clusters(text: &str) -> Vec<FailureCluster> {
    let values = json::find(text).values;
    let marked = |list: &&Vec<Value>| objects(list).any(|item| MARKS.iter().any(|mark| item.contains_key(*mark)));
    let filled = |list: &&Vec<Value>| objects(list).next().is_some();
    let list = values
        .iter()
        .filter_map(|value| lists(value).into_iter().find(marked))
        .next();
    let list = list.or_else(|| values.iter().filter_map(Value::as_array).find(filled));
    read(list.map_or(&[], Vec::as_slice))
}

/// Separates the clusters without a measurement (both rates are zero) and marks them as dropped; the order is kept.
pub(crate) fn drop_without_evidence(clusters: Vec<FailureCluster>) -> (Vec<FailureCluster>, Vec<FailureCluster>) {
    let measured =
        |cluster: &FailureCluster| cluster.student_failure_rate != 0.0 || cluster.teacher_success_rate != 0.0;
    let (surviving, dropped): (Vec<_>, Vec<_>) = clusters.into_iter().partition(measured);
    let mark = |cluster: FailureCluster| FailureCluster {
        skill_gap: format!("dropped: insufficient evidence (original: {})", cluster.skill_gap),
        addressed_by_edit_ids: Vec::new(),
        ..cluster
    };
    (surviving, dropped.into_iter().map(mark).collect())
}

/// A list itself, or the lists directly inside an object.
fn lists(value: &Value) -> Vec<&Vec<Value>> {
    match value {
        Value::Array(list) => vec![list],
        Value::Object(fields) => fields.values().filter_map(Value::as_array).collect(),
        _ => Vec::new(),
    }
}

fn objects(list: &[Value]) -> impl Iterator<Item = &Map<String, Value>> {
    list.iter().filter_map(Value::as_object)
}

fn read(list: &[Value]) -> Vec<FailureCluster> {
    let mut clusters = Vec::new();
    for item in objects(list) {
        clusters.extend(cluster(item, clusters.len() + 1));
    }
    clusters
}

/// One cluster; `None` if a rate or the list of traces has the wrong type.
fn cluster(item: &Map<String, Value>, number: usize) -> Option<FailureCluster> {
    let field = |name: &str| item.get(name).map(text).unwrap_or_default();
    Some(FailureCluster {
        id: item.get("id").map_or_else(|| format!("cluster-{number}"), text),
        description: field("description"),
        sample_trace_ids: ids(item.get("sample_trace_ids"))?,
        student_failure_rate: rate(item.get("student_failure_rate"))?,
        teacher_success_rate: rate(item.get("teacher_success_rate"))?,
        skill_gap: field("skill_gap"),
        addressed_by_edit_ids: Vec::new(),
        extra: further(item),
    })
}

/// The fields that kaizen adds to OpenJarvis's: the category and the train tasks of the cluster.
fn further(item: &Map<String, Value>) -> Extra {
    let known = ["category", "measured_tasks", "task_ids"];
    let kept = item.iter().filter(|(name, _)| known.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn ids(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(value) => Some(value.as_array()?.iter().map(text).collect()),
    }
}

/// A rate from 0 to 1. A number above 1 is a percentage, `75%` is 0.75; anything that is not a number is `None`.
fn rate(value: Option<&Value>) -> Option<f64> {
    let rate = match value {
        None => 0.0,
        Some(Value::Bool(flag)) => f64::from(u8::from(*flag)),
        Some(Value::Number(number)) => number.as_f64()?,
        Some(Value::String(text)) => match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
            None => share(text.trim().parse().ok()?),
        },
        Some(_) => return None,
    };
    (!rate.is_nan()).then(|| share(rate).clamp(0.0, 1.0))
}

fn share(rate: f64) -> f64 {
    if rate > 1.0 { rate / 100.0 } else { rate }
}

/// A value as text, in the spelling of OpenJarvis (Python).
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (written, read) in [
            ("\"75%\"", Some(0.75)),
            ("250", Some(1.0)),
            ("-1", Some(0.0)),
            ("NaN", None),
            ("null", None),
        ] {
            let found = clusters(&format!(
                "```json\n[{{\"description\": \"d\", \"student_failure_rate\": {written}}}]\n```"
            ));
            assert_eq!(
                found.first().map(|cluster| cluster.student_failure_rate),
                read,
                "{written}"
            );
        }
    }

    #[test]
    fn a_lone_surrogate_costs_one_character() {
        let found = clusters(r#"[{"description": "a\ud800b"}]"#);
        assert_eq!(found[0].description, "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r#"([\[\]{}",:\\u0-9dn`%é]|```json\n|"id"|NaN|null|description)*"#) {
            clusters(&text);
            let _ = super::super::edits(&text);
        }
    }
}
