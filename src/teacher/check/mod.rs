//! Checks of submitted diagnoses and plans, and the reports for their authors. The narrative of a diagnosis is free
//! text; only its closing block is checked.

pub(crate) mod plan;
pub(crate) mod secret;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use serde_json::value::RawValue;

use super::reply;
use crate::artifact::{diagnosis, without_place};

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The label of the edit, if the problem is in an edit with a label.
    pub edit: Option<String>,
    /// The problem in words.
    pub message: String,
}

/// The file name of the page about a file: `plan.check.md` for `plan.json`.
pub(crate) fn page_name(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.check.md")
}

/// The text of the page. `kept` is the path of the last valid version, if a copy was made.
pub(crate) fn page(name: &str, problems: &[Problem], kept: Option<&str>) -> String {
    let mut page = format!("# {name} cannot be used yet\n\n");
    for problem in problems {
        let edit = problem
            .edit
            .as_ref()
            .map(|edit| format!(" (`{edit}`)"))
            .unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "- line {}, column {}{edit}: {}",
            problem.line, problem.column, problem.message
        );
    }
    let before = kept.map_or("git, if the session was settled".to_owned(), |kept| format!("`{kept}`"));
    let _ = write!(
        page,
        "\nNothing in this file runs until it is valid; earlier decisions stay in force. The last valid version is in\n\
         {before}. kaizen removes this page when the file is valid.\n"
    );
    page
}

/// All problems in a hand-edited `diagnosis.md`; empty if a plan can be made from it. Only the closing block has a
/// format.
pub(crate) fn diagnosis_problems(text: &str) -> Vec<Problem> {
    let at = |line: usize, column: usize, message: String| Problem {
        line,
        column: column.max(1),
        edit: None,
        message,
    };
    let block = match diagnosis::closing_block(text) {
        Ok(block) => block.content,
        Err((line, reason)) => return vec![at(line, 1, reason.to_string())],
    };
    let (first, _) = plan::placed(text, block, 0);
    if !block.trim_start().starts_with('[') {
        return vec![at(first, 1, "the closing block must be a list, [ … ]".into())];
    }
    let parts: Vec<&RawValue> = match serde_json::from_str(block) {
        Ok(parts) => parts,
        Err(error) => return vec![at(first + error.line() - 1, error.column(), without_place(&error))],
    };
    let values = parts
        .iter()
        .map(|part| serde_json::from_str(part.get()).unwrap_or_default());
    let placed = |(index, message): (usize, String)| {
        let (line, column) = plan::place(text, parts[index]);
        at(line, column, message)
    };
    cluster_problems(&values.collect::<Vec<_>>())
        .into_iter()
        .map(placed)
        .collect()
}

/// The problems of a list of clusters, each with the place of the cluster in the list.
pub(crate) fn cluster_problems(clusters: &[Value]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (at, value) in clusters.iter().enumerate() {
        match sound_cluster(value) {
            Err(problem) => found.push((at, problem)),
            Ok(id) => match known.get(&id) {
                Some(first) => found.push((at, format!("the id `{id}` is also that of cluster {}", first + 1))),
                None => drop(known.insert(id, at)),
            },
        }
    }
    found
}

/// The id of a cluster.
///
/// # Errors
/// A field is missing, or has the wrong type.
fn sound_cluster(value: &Value) -> Result<String, String> {
    let fields = value.as_object().ok_or("a cluster must be an object, { … }")?;
    for name in ["id", "description"] {
        match fields.get(name) {
            None => return Err(format!("missing field `{name}`")),
            Some(Value::String(text)) if !text.trim().is_empty() => {}
            Some(Value::Number(_)) => {}
            Some(_) => return Err(format!("`{name}` must be a text that is not empty")),
        }
    }
    Ok(reply::cluster(fields, 1)?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_block_must_be_there_whole() {
        let whole = "# What fails\n\nWords.\n\n```json\n[\n  {\"id\": \"c\", \"description\": \"d\"}\n]\n```\n";
        assert_eq!(diagnosis_problems(whole), []);
        assert_eq!(diagnosis_problems(&whole.replace('\n', "\r\n")), []);
        assert_eq!(
            diagnosis_problems(&whole.replace("\"d\"", "\"its ```json fence ``` [\"")),
            []
        );
        let one = "{\"id\": \"c\", \"description\": \"d\"}";
        for (text, line, column, part) in [
            (String::new(), 1, 1, "it must end in one fenced block"),
            (
                "# What fails\n\nWords.\n".to_owned(),
                3,
                1,
                "it must end in one fenced block",
            ),
            (whole[..whole.len() - 8].to_owned(), 7, 1, "is open"),
            (whole.replace("\"c\"", "c"), 7, 10, "expected value"),
            (whole.replace(['[', ']'], ""), 6, 1, "must be a list"),
            (format!("{whole}More words.\n"), 10, 1, "text follows"),
            (
                whole.replace(one, "{\"id\": \"parcel\"}"),
                7,
                3,
                "missing field `description`",
            ),
            (
                whole.replace(one, "{\"description\": \"d\"}"),
                7,
                3,
                "missing field `id`",
            ),
            (whole.replace(one, "7"), 7, 3, "must be an object"),
            (
                whole.replace("\"d\"", "\"d\", \"student_failure_rate\": \"often\""),
                7,
                3,
                "`student_failure_rate` is not a rate",
            ),
            (
                whole.replace(one, &format!("{one},\n  {one}")),
                8,
                3,
                "is also that of cluster 1",
            ),
        ] {
            let found = diagnosis_problems(&text);
            let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
            assert_eq!(places, [(line, column)], "{text}");
            assert!(found[0].message.contains(part), "{}", found[0].message);
        }
    }
}
