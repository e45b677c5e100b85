//! Checks text files: evidence and teacher logs are JSON Lines, and the diagnosis ends in a block of clusters.

use serde_json::Value;

use super::{Severity, VerifyFinding, finding};
use crate::artifact::diagnosis;
use crate::teacher::plan;
use crate::workspace::session::{Session, SessionError};

/// Checks the text files of a session.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn check(session: &Session) -> Result<Vec<VerifyFinding>, SessionError> {
    let logs = session.names("teacher/")?.into_iter();
    let logs = logs.filter(|name| name.ends_with(".jsonl"));
    let mut names: Vec<String> = logs.map(|name| format!("teacher/{name}")).collect();
    names.extend(["evidence.jsonl".to_owned(), diagnosis::FILE.to_owned()]);
    let mut found = Vec::new();
    for name in names {
        let Some(bytes) = session.root().read(session.path(&name))? else {
            continue;
        };
        let problem = match std::str::from_utf8(&bytes) {
            Ok(text) if name == diagnosis::FILE => clusters(text),
            Ok(text) => json_lines(text).map(|problem| (Severity::Failure, problem)),
            Err(_) => Some((Severity::Failure, "it is not UTF-8".to_owned())),
        };
        found.extend(problem.map(|(kind, problem)| finding(kind, session, &name, problem, remedy(session, &name))));
    }
    Ok(found)
}

fn remedy(session: &Session, name: &str) -> String {
    let phase = if name == "teacher/plan.jsonl" {
        "plan"
    } else {
        "diagnose"
    };
    let id = &session.id;
    format!("correct it, restore it with git, or create it again with `kaizen run --session {id} --redo {phase}`")
}

/// The first line that is not JSON.
fn json_lines(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let wrong = |(at, line): (usize, &str)| {
        let error = serde_json::from_str::<Value>(line).err()?;
        Some(format!("line {} is not JSON: {error}", at + 1))
    };
    written.into_iter().find_map(wrong)
}

/// The problem with a diagnosis's list of clusters. If kaizen finds clusters elsewhere in the text, as a program may
/// write them, a missing block is only a remark.
fn clusters(text: &str) -> Option<(Severity, String)> {
    let failure = |problem: String| Some((Severity::Failure, problem));
    let read = plan::stated(text).len();
    let Some(block) = diagnosis::block(text) else {
        let kind = if read == 0 {
            Severity::Failure
        } else {
            Severity::Information
        };
        let problem = "it does not end in a fenced ```json block with the list of clusters";
        return Some((kind, problem.to_owned()));
    };
    let list = match serde_json::from_str::<Vec<Value>>(block) {
        Ok(list) => list,
        Err(error) => return failure(format!("its closing block is not a list of clusters: {error}")),
    };
    if read < list.len() {
        let all = list.len();
        let why = "the others are not objects, or their rates are not numbers";
        return failure(format!("only {read} of its {all} clusters are valid: {why}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_json() {
        for (text, part) in [
            ("", None),
            ("{}\n\n[1]\n", None),
            ("\u{feff}{}\r\n", None),
            ("{}\n{\"cut", Some("line 2")),
            ("garbage\n{}\n", Some("line 1")),
        ] {
            let problem = json_lines(text);
            assert_eq!(problem.is_some(), part.is_some(), "{text:?}: {problem:?}");
            assert!(
                problem.unwrap_or_default().contains(part.unwrap_or_default()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_diagnosis_ends_in_clusters_that_can_be_read() {
        let good = "{\"id\": \"a\", \"description\": \"d\", \"student_failure_rate\": 0.5}";
        for (block, part) in [
            ("```json\n[]\n```\n".to_owned(), None),
            (format!("```json\n[{good}]\n```"), None),
            (format!("```json\n[{good}\n```"), Some("not a list of clusters")),
            (
                format!("```json\n[{good}]\n```\nAnd a last word."),
                Some("does not end"),
            ),
            (format!("```json\n{good}\n```"), Some("not a list of clusters")),
            (format!("```json\n[{good}, 7]\n```"), Some("only 1 of its 2")),
            (
                format!("```json\n[{good}, {{\"student_failure_rate\": \"often\"}}]\n```"),
                Some("only 1 of its 2"),
            ),
            ("[]".to_owned(), Some("does not end")),
        ] {
            let problem = clusters(&format!("# Diagnosis\n\nIt forgets.\n\n{block}"));
            assert_eq!(problem.is_some(), part.is_some(), "{block}: {problem:?}");
            let (kind, problem) = problem.unwrap_or((Severity::Failure, String::new()));
            assert!(problem.contains(part.unwrap_or_default()), "{block}: {problem}");
            let readable = block.ends_with("last word.");
            assert_eq!(
                kind == Severity::Information,
                readable,
                "a diagnosis whose clusters can be read is only remarked on: {block}"
            );
        }
    }
}
