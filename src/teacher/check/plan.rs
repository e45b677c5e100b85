//! Finds all problems in a hand-edited `plan.json`, each with line and column.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::artifact::diagnosis::FailureCluster;
use crate::artifact::edit::Edit;
use crate::artifact::plan::Plan;
use crate::artifact::{Artifact, ArtifactError, without_place};
use crate::harness::op;
use crate::teacher::check::Problem;

/// A plan whose parts are not parsed yet.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow, default)]
    edits: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    failure_clusters: Vec<&'a RawValue>,
}

/// All problems in the text of a plan; empty if it can run. A payload that does not fit its op is a problem only in a
/// plan that a person wrote, who may still be typing. A teacher's plan is run, and the outcome reports the payload.
pub(crate) fn problems(text: &str, by_hand: bool) -> Vec<Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    if let Ok(parts) = serde_json::from_str::<Parts>(text) {
        found.extend(parts.edits.iter().filter_map(|part| problem::<Edit>(text, part)));
        found.extend(parts.edits.iter().filter_map(|part| large_integer(text, part)));
        if by_hand {
            found.extend(parts.edits.iter().flat_map(|part| payloads(text, part)));
        }
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

/// The problems of a new plan from a person or a program, which may omit what kaizen knows.
pub(crate) fn problems_of_bare(text: &str) -> Vec<Problem> {
    let found = problems(text, true);
    let lacks_session = |found: &[Problem]| matches!(found, [one] if one.edit.is_none() && one.message == NO_SESSION);
    match with_session(text).filter(|_| lacks_session(&found)) {
        None => found,
        Some(completed) => {
            let start = |one: Problem| Problem {
                line: 1,
                column: 1,
                ..one
            };
            problems(&completed, true).into_iter().map(start).collect()
        }
    }
}

/// The parser's message for a plan without a session.
const NO_SESSION: &str = "missing field `session_id`";

fn with_session(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    fields.entry("session_id").or_insert_with(|| "".into());
    Some(serde_json::Value::Object(fields).to_string())
}

/// The problem of one part, with its position in the whole text.
fn problem<'a, T: Deserialize<'a>>(text: &str, part: &'a RawValue) -> Option<Problem> {
    let error = serde_json::from_str::<T>(part.get()).err()?;
    let (line, column) = place(text, part);
    Some(Problem {
        line: line + error.line().saturating_sub(1),
        column: error.column() + if error.line() <= 1 { column - 1 } else { 0 },
        edit: label(part),
        message: without_place(&error),
    })
}

/// The problems of the payload and of the variants of an edit that is valid otherwise.
fn payloads(text: &str, part: &RawValue) -> Vec<Problem> {
    let Ok(edit) = serde_json::from_str::<Edit>(part.get()) else {
        return Vec::new();
    };
    let (line, column) = place(text, part);
    let problem = |(at, one): (usize, Edit)| {
        let refused = op::check_payload(&one).err()?;
        Some(Problem {
            line,
            column,
            message: format!("{}{}: {refused}", variant(at), one.op.name()),
            edit: Some(one.id),
        })
    };
    let alternatives = edit.alternatives().into_iter().enumerate();
    alternatives.filter_map(problem).collect()
}

/// The name of an alternative in messages: nothing for the payload, which is the first.
pub(crate) fn variant(at: usize) -> String {
    at.checked_sub(1)
        .map(|at| format!("variants[{at}]: "))
        .unwrap_or_default()
}

/// An integer that 64 bits cannot hold: the reader would turn it into a float, which is another number.
fn large_integer(text: &str, part: &RawValue) -> Option<Problem> {
    let json = part.get();
    let (mut at, mut is_quoted) = (0, false);
    while let Some(next) = json[at..].chars().next() {
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let length = match next {
            '\\' if is_quoted => 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
            c if !is_quoted && (c == '-' || c.is_ascii_digit()) => {
                let number = json[at..].split(|c| !is_digit(c)).next().unwrap_or_default();
                let is_integer = !number.contains(['.', 'e', 'E']);
                if is_integer && number.parse::<i64>().is_err() {
                    let (line, column) = placed(text, json, at);
                    return Some(Problem {
                        line,
                        column,
                        edit: label(part),
                        message: format!("the integer {number} does not fit in 64 signed bits; write it as a text"),
                    });
                }
                number.len()
            }
            c => c.len_utf8(),
        };
        is_quoted ^= next == '"';
        at += length.max(1);
    }
    None
}

/// The line and column at which a part begins, from 1.
pub(super) fn place(text: &str, part: &RawValue) -> (usize, usize) {
    placed(text, part.get(), 0)
}

/// The line and column of a position in a part, from 1.
pub(super) fn placed(text: &str, part: &str, at: usize) -> (usize, usize) {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr()) + at;
    let before = text.get(..start).unwrap_or_default();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, column + 1)
}

fn label(part: &RawValue) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(part.get()).ok()?;
    Some(value.get("id")?.as_str()?.to_owned())
}

fn whole(error: ArtifactError) -> Problem {
    let (line, column, message) = match error {
        ArtifactError::Malformed {
            line, column, source, ..
        } => (line, column, without_place(&source)),
        ArtifactError::FromTheFuture { found, known, .. } => (
            1,
            1,
            format!("format version {found} is newer than this kaizen can read ({known})"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::teacher::check::page;

    const EDIT: &str = r#"{"id": "e1", "pillar": "agent", "op": "set_agent_param", "target": "agents.a.k",
  "payload": {}, "rationale": "r", "expected_improvement": "c"}"#;

    fn plan(edits: &str) -> String {
        format!("{{\n \"session_id\": \"s\",\n \"edits\": [\n{edits}\n ]\n}}\n")
    }

    #[test]
    fn a_sound_plan_has_no_problems() {
        assert_eq!(problems(&plan(EDIT), false), []);
        assert_eq!(problems(&format!("\u{feff}{}", plan("")), true), []);
    }

    #[test]
    fn every_bad_edit_is_named_with_its_place() {
        let bad = EDIT.replace("set_agent_param", "set_fire").replace("e1", "hot");
        let worse = "{\"id\": \"bare\"}";
        let found = problems(&plan(&format!("{EDIT},\n{bad},\n   {worse}")), false);
        let places: Vec<_> = found.iter().map(|one| (one.line, one.edit.as_deref())).collect();
        assert_eq!(places, [(6, Some("hot")), (8, Some("bare"))]);
        assert!(found[0].message.contains("set_fire") && !found[0].message.contains("at line"));
        // The column is the one in the file.
        assert!(found[0].column > bad[..bad.find("set_fire").unwrap()].len());
        let page = page("plan.json", &found, None);
        assert!(
            page.contains("line 8, column ") && page.contains("(`bare`): missing field"),
            "{page}"
        );
    }

    #[test]
    fn a_payload_that_lacks_something_is_half_typed_when_a_person_wrote_it() {
        assert_eq!(problems(&plan(EDIT), false), []);
        let found = problems(&plan(EDIT), true);
        assert_eq!((found[0].line, found[0].edit.as_deref()), (4, Some("e1")));
        assert!(found[0].message.contains("set_agent_param") && found[0].message.contains("missing field"));
    }

    #[test]
    fn a_bad_variant_is_named() {
        let whole = EDIT.replace(
            "{}",
            r#"{"param": "k", "value": 1}, "variants": [{"param": "k", "value": 2}, {}]"#,
        );
        let found = problems(&plan(&whole), true);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.starts_with("variants[1]: set_agent_param: "),
            "{}",
            found[0].message
        );
        let found = problems(&plan(&whole.replace(", {}]", ", 7]")), false);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("variants[1] must be a payload"),
            "{}",
            found[0].message
        );
    }

    #[test]
    fn an_integer_that_no_reader_keeps_is_named_with_its_place() {
        let with = |value: &str| plan(&EDIT.replace("{}", &format!("{{\"value\": {value}}}")));
        for value in [
            "18446744073709551617",
            "-9223372036854775809",
            "[1, 9223372036854775808]",
        ] {
            let found = problems(&with(value), false);
            assert_eq!(found.len(), 1, "{value}");
            assert_eq!((found[0].line, found[0].edit.as_deref()), (5, Some("e1")));
            assert!(found[0].column > 20 && found[0].message.contains("does not fit in 64 signed bits"));
        }
        for value in [
            "9223372036854775807",
            "-9223372036854775808",
            "1e300",
            "\"18446744073709551617\"",
            "0.1",
        ] {
            assert_eq!(problems(&with(value), false), [], "{value}");
        }
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
            let found = problems(text, true);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].line, line, "{text}");
        }
    }
}
