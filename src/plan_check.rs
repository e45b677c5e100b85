//! Plan check: everything that is wrong with a hand-edited `plan.json`, each with its place, as a page for people.

use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::artifact::cluster::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::artifact::{Artifact, ArtifactError};

/// The page's file name, beside `plan.json`.
pub const FILE: &str = "plan.check.md";

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The edit's label, where it is about one that has one.
    pub edit: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// A plan whose parts are not looked into yet.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default)]
    edits: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    failure_clusters: Vec<&'a RawValue>,
}

/// All that is wrong with the text of a plan; nothing for one that can run.
pub fn problems(text: &str) -> Vec<Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    if let Ok(parts) = serde_json::from_str::<Parts>(text) {
        found.extend(parts.edits.iter().filter_map(|part| problem::<Edit>(text, part)));
        found.extend(
            parts
                .failure_clusters
                .iter()
                .filter_map(|part| problem::<FailureCluster>(text, part)),
        );
    }
    if found.is_empty() {
        found.extend(Plan::from_text(Path::new(""), text).err().map(whole));
    }
    found.sort_by_key(|problem| (problem.line, problem.column));
    found
}

/// What is wrong with one part, at its place in the whole text.
fn problem<'a, T: Deserialize<'a>>(text: &str, part: &'a RawValue) -> Option<Problem> {
    let error = serde_json::from_str::<T>(part.get()).err()?;
    let start = part.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let before = text.get(..start).unwrap_or_default();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(what, _)| what);
    Some(Problem {
        line: before.matches('\n').count() + error.line().max(1),
        column: error.column() + if error.line() <= 1 { column } else { 0 },
        edit: label(part),
        message: message.to_owned(),
    })
}

fn label(part: &RawValue) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(part.get()).ok()?;
    Some(value.get("id")?.as_str()?.to_owned())
}

fn whole(error: ArtifactError) -> Problem {
    let (line, column, message) = match error {
        ArtifactError::Malformed {
            line, column, source, ..
        } => {
            let message = source.to_string();
            let what = message
                .rsplit_once(" at line ")
                .map_or(message.as_str(), |(what, _)| what);
            (line, column, what.to_owned())
        }
        ArtifactError::FromTheFuture { found, known, .. } => (
            1,
            1,
            format!("format version {found} is newer than this kaizen reads ({known})"),
        ),
        ArtifactError::Invalid { problem, .. } => (1, 1, problem),
    };
    Problem {
        line: line.max(1),
        column: column.max(1),
        edit: None,
        message,
    }
}

/// The page about them.
pub fn page(problems: &[Problem]) -> String {
    let mut page = "# plan.json cannot run yet\n\n".to_owned();
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
    page += "\nUntil it is right, nothing of it runs, and what was decided before stays in force. `schemas/plan.schema.json`\n\
             says what a plan looks like; the bytes of the last plan that was written by a phase are in `attic/`, or in git.\n\
             This page goes away by itself.\n";
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDIT: &str = r#"{"id": "e1", "pillar": "agent", "op": "set_agent_param", "target": "agents.a.k",
  "payload": {}, "rationale": "r", "expected_improvement": "c"}"#;

    fn plan(edits: &str) -> String {
        format!("{{\n \"session_id\": \"s\",\n \"edits\": [\n{edits}\n ]\n}}\n")
    }

    #[test]
    fn a_sound_plan_has_no_problems() {
        assert_eq!(problems(&plan(EDIT)), []);
        assert_eq!(problems(&format!("\u{feff}{}", plan(""))), []);
    }

    #[test]
    fn every_bad_edit_is_named_with_its_place() {
        let bad = EDIT.replace("set_agent_param", "set_fire").replace("e1", "hot");
        let worse = "{\"id\": \"bare\"}";
        let found = problems(&plan(&format!("{EDIT},\n{bad},\n   {worse}")));
        let places: Vec<_> = found.iter().map(|one| (one.line, one.edit.as_deref())).collect();
        assert_eq!(places, [(6, Some("hot")), (8, Some("bare"))]);
        assert!(found[0].message.contains("set_fire") && !found[0].message.contains("at line"));
        // The column is the one in the file.
        assert!(found[0].column > bad[..bad.find("set_fire").unwrap()].len());
        let page = page(&found);
        assert!(
            page.contains("line 8, column ") && page.contains("(`bare`): missing field"),
            "{page}"
        );
    }

    #[test]
    fn what_is_no_plan_has_one_problem() {
        for (text, line) in [
            ("", 1),
            ("{", 1),
            ("[]", 1),
            ("{\n\"edits\": [\n", 3),
            ("{\"session_id\": \"s\",\n\"version\": 9, \"edits\": []}", 1),
            ("{\"session_id\": \"s\",\n\"edits\": 3}", 2),
        ] {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].line, line, "{text}");
        }
    }
}
