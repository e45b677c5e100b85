//! Reads the clusters of failures from a teacher's diagnosis.

use std::ops::Range;

use serde_json::{Map, Value};

use super::answers::{FoundValue, SearchedReply, place, search};
use super::edits::DroppedItem;
use super::error::{ReplyError, broken, missing};
use crate::artifact::Extra;
use crate::artifact::diagnosis::{FailureCluster, fence};

/// Fields that distinguish a cluster from other JSON.
const MARKS: [&str; 4] = [
    "description",
    "student_failure_rate",
    "teacher_success_rate",
    "skill_gap",
];

/// The clusters of a reply.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ParsedClusters {
    /// The valid clusters, in order.
    pub clusters: Vec<FailureCluster>,
    /// Items of the list that are not valid clusters.
    pub dropped: Vec<DroppedItem>,
    /// The text around the list, without the model's reasoning.
    pub narrative: String,
}

/// Reads the clusters in a text: the last list that looks like clusters, whether fenced, bare or inside an object. An
/// empty list counts if it is all of the text or of a fence.
///
/// # Errors
/// The text has no such list, the list is not JSON, or none of its items is valid.
pub(crate) fn clusters(text: &str) -> Result<ParsedClusters, ReplyError> {
    let found = search(text);
    let marked = |list: &Vec<Value>| objects(list).any(|item| MARKS.iter().any(|mark| item.contains_key(*mark)));
    let of_clusters = |one: &FoundValue| lists(&one.value).into_iter().any(marked);
    let last = found
        .values
        .iter()
        .rfind(|one| of_clusters(one) || is_empty_answer(text, one))
        .or_else(|| {
            found
                .values
                .iter()
                .rfind(|one| one.value.as_array().is_some_and(|list| objects(list).next().is_some()))
        });
    let quoted = MARKS.map(|mark| format!("\"{mark}\""));
    let marks = quoted.each_ref().map(String::as_str);
    let Some(one) = last else {
        return Err(missing(text, &found, &marks, "list of clusters"));
    };
    if let Some(withdrawn) = broken(text, &found, one.range.end, &marks) {
        return Err(withdrawn);
    }
    if let Some(comma) = one.trailing_comma {
        let (line, column) = place(text, comma);
        let problem = "a trailing comma; remove it".to_owned();
        return Err(ReplyError::Malformed { line, column, problem });
    }
    let all = lists(&one.value);
    let list = all
        .iter()
        .find(|list| marked(list))
        .or(all.first())
        .map_or(&[][..], |list| list.as_slice());
    let (clusters, dropped) = read(list);
    match dropped.first() {
        Some(first) if clusters.is_empty() => Err(ReplyError::NoneValid {
            number: first.index + 1,
            reason: first.reason.clone(),
        }),
        _ => Ok(ParsedClusters {
            clusters,
            dropped,
            narrative: words(text, &found, Some(&one.range)),
        }),
    }
}

/// Whether a value is `[]`, and all of the text or of a fence.
fn is_empty_answer(text: &str, one: &FoundValue) -> bool {
    let (before, after) = (text[..one.range.start].trim_end(), text[one.range.end..].trim_start());
    let around = [before.rsplit('\n').next(), after.split('\n').next()];
    let mut around = around.into_iter().flatten();
    one.value.as_array().is_some_and(Vec::is_empty) && around.all(|line| line.is_empty() || fence(line).is_some())
}

/// A text without the model's reasoning.
pub(crate) fn spoken(text: &str) -> String {
    words(text, &search(text), None)
}

/// A text without the model's reasoning, and without the answer and the fence around it.
fn words(text: &str, found: &SearchedReply, answer: Option<&Range<usize>>) -> String {
    let mut left_out = found.reasoning.clone();
    left_out.extend(answer.map(|range| with_fence(text, range)));
    left_out.sort_by_key(|range| range.start);
    let (mut words, mut at) = (String::new(), 0);
    for range in left_out {
        words += text.get(at..range.start).unwrap_or_default();
        at = at.max(range.end);
    }
    words += &text[at..];
    words.trim().to_owned()
}

/// A range, extended to the fence around it.
fn with_fence(text: &str, range: &Range<usize>) -> Range<usize> {
    let before = text[..range.start].trim_end();
    let open = before.rfind('\n').map_or(0, |at| at + 1);
    let blanks = text[range.end..].len() - text[range.end..].trim_start().len();
    let after = range.end + blanks;
    let close = text[after..].find('\n').map_or(text.len(), |at| after + at);
    match fence(&before[open..]).is_some() && fence(&text[after..close]).is_some() {
        true => open..close,
        false => range.clone(),
    }
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

fn read(list: &[Value]) -> (Vec<FailureCluster>, Vec<DroppedItem>) {
    let (mut clusters, mut dropped) = (Vec::new(), Vec::new());
    for (index, item) in list.iter().enumerate() {
        let item = item.as_object().ok_or_else(|| "not an object".to_owned());
        match item.and_then(|item| cluster(item, clusters.len() + 1)) {
            Ok(cluster) => clusters.push(cluster),
            Err(reason) => dropped.push(DroppedItem { index, reason }),
        }
    }
    (clusters, dropped)
}

/// One cluster.
///
/// # Errors
/// A rate or the list of traces has the wrong type.
pub(crate) fn cluster(item: &Map<String, Value>, number: usize) -> Result<FailureCluster, String> {
    let field = |name: &str| item.get(name).map(text).unwrap_or_default();
    let rate = |name: &str| rate(item.get(name)).ok_or_else(|| format!("`{name}` is not a rate from 0 to 1"));
    Ok(FailureCluster {
        id: item.get("id").map_or_else(|| format!("cluster-{number}"), text),
        description: field("description"),
        sample_trace_ids: ids(item.get("sample_trace_ids")).ok_or("`sample_trace_ids` is not a list")?,
        student_failure_rate: rate("student_failure_rate")?,
        teacher_success_rate: rate("teacher_success_rate")?,
        skill_gap: field("skill_gap"),
        addressed_by_edit_ids: Vec::new(),
        category: item.get("category").filter(|category| !category.is_null()).map(text),
        extra: further(item),
    })
}

/// Fields of a cluster that kaizen's own teachers add: its train tasks, and how many of them were measured.
pub(crate) const FURTHER_FIELDS: [&str; 2] = ["measured_tasks", "task_ids"];

fn further(item: &Map<String, Value>) -> Extra {
    let kept = item.iter().filter(|(name, _)| FURTHER_FIELDS.contains(&name.as_str()));
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

    fn found(text: &str) -> Vec<FailureCluster> {
        clusters(text).map(|parsed| parsed.clusters).unwrap_or_default()
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (written, read) in [
            ("\"75%\"", Some(0.75)),
            ("250", Some(1.0)),
            ("-1", Some(0.0)),
            ("NaN", None),
            ("null", None),
        ] {
            let found = found(&format!(
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
        assert_eq!(found(r#"[{"description": "a\ud800b"}]"#)[0].description, "a\u{fffd}b");
    }

    #[test]
    fn the_last_list_counts_and_its_words_stay() {
        for words in [
            "wraps it in ```json fences",
            "leaves ``` behind",
            "a\n```json\n[]\n```\nb",
            "says <think>",
        ] {
            let list = format!("[{{\"id\": \"c\", \"description\": {}}}]", Value::from(words));
            for text in [
                format!("# Why\n\nIt guesses.\n\n```json\n{list}\n```"),
                format!(
                    "<think>[{{\"description\": \"draft\"}}]</think># Why\n\nIt guesses.\n\n````json\n{list}\n````\n"
                ),
                format!("# Why\n\nIt guesses.\n\n{list}"),
            ] {
                let parsed = clusters(&text).unwrap();
                assert_eq!(parsed.clusters[0].description, words, "{text}");
                assert_eq!(parsed.narrative, "# Why\n\nIt guesses.", "{text}");
            }
        }
        let two =
            "```json\n[{\"description\": \"draft\"}]\n```\nNo:\n```json\n[{\"description\": \"last\"}]\n```\nSee [].";
        assert_eq!(found(two)[0].description, "last");
        assert_eq!(
            clusters("It is well.\n```json\n[]\n```").map(|parsed| parsed.clusters.len()),
            Ok(0)
        );
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_place() {
        for (text, part) in [
            ("All fails.", "no JSON"),
            ("Returns [] at once.", "no list of clusters"),
            (
                "A\n```json\n[{\"description\": \"d\",}]\n```",
                "line 3, column 21 of the reply: a trailing comma",
            ),
            (
                "A\n[{\"description\": d}]",
                "line 2, column 18 of the reply: a value is expected",
            ),
            ("[{\"description\": \"d\"}, {\"descr", "cut off"),
            (
                "[{\"description\": \"d\", \"student_failure_rate\": \"often\"}]",
                "cluster 1: `student_failure_rate`",
            ),
        ] {
            let problem = clusters(text).map(drop).unwrap_err().to_string();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r#"([\[\]{}",:\\u0-9dn`%é]|```json\n|"id"|NaN|null|description)*"#) {
            let _ = clusters(&text);
            let _ = super::super::edits(&text);
        }
    }
}
