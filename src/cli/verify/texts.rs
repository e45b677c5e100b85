//! Texts: each line of the evidence and of the teacher's logs is JSON, and the diagnosis ends in its clusters.

use serde_json::Value;

use super::{Finding, Kind, finding};
use crate::artifact::diagnosis;
use crate::teacher::plan;
use crate::workspace::session::{Session, SessionError};

/// Checks all texts of a session that are not artifacts of their own.
///
/// # Errors
/// The file system says no.
pub(crate) fn check(session: &Session) -> Result<Vec<Finding>, SessionError> {
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
            Ok(text) => json_lines(text).map(|problem| (Kind::Failure, problem)),
            Err(_) => Some((Kind::Failure, "it is not UTF-8".to_owned())),
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
    format!("correct it, restore it with git, or `kaizen run --session {id} --redo {phase}` makes it anew")
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

/// What is wrong with the clusters of a diagnosis. What a program wrote may have them elsewhere: they are read, and
/// the next reader may not find them.
fn clusters(text: &str) -> Option<(Kind, String)> {
    let failure = |problem: String| Some((Kind::Failure, problem));
    let read = plan::stated(text).len();
    let Some(block) = diagnosis::block(text) else {
        let kind = if read == 0 { Kind::Failure } else { Kind::Information };
        let problem = "it does not end in a fenced ```json block with the list of clusters";
        return Some((kind, problem.to_owned()));
    };
    let list = match serde_json::from_str::<Vec<Value>>(block) {
        Ok(list) => list,
        Err(error) => return failure(format!("its closing block is not a list of clusters: {error}")),
    };
    if read < list.len() {
        let all = list.len();
        let why = "the others are no objects, or their rates are no numbers";
        return failure(format!("only {read} of its {all} clusters can be read: {why}"));
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
            let (kind, problem) = problem.unwrap_or((Kind::Failure, String::new()));
            assert!(problem.contains(part.unwrap_or_default()), "{block}: {problem}");
            let readable = block.ends_with("last word.");
            assert_eq!(
                kind == Kind::Information,
                readable,
                "what can be read is no failure: {block}"
            );
        }
    }
}
