//! How a question stands today: whether the edit would still change what the question shows.

use serde::Serialize;

use crate::artifact::edit::Edit;
use crate::artifact::pending_review::PendingReview;
use crate::cli::exit::Failure;
use crate::harness::{Harness, op};
use crate::ledger::port::Ledger;
use crate::pipeline::execute;
use crate::workspace::Workspace;

/// Whether the question still shows what the edit would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", content = "reason", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It does.
    Fresh,
    /// The edit would do something else today; why.
    Stale(String),
    /// The edit cannot be applied today; why.
    Inapplicable(String),
}

impl Standing {
    /// Why the question cannot be accepted as it is shown.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Standing::Fresh => None,
            Standing::Stale(reason) | Standing::Inapplicable(reason) => Some(reason),
        }
    }
}

/// What the edit would change in this harness, as a diff.
///
/// # Errors
/// It cannot be applied, or changes nothing; the reason.
pub(crate) fn diff_of(edit: &Edit, harness: &Harness, rules: &op::Rules) -> Result<String, String> {
    let after = op::apply(edit, harness, rules).map_err(|reason| reason.to_string())?;
    match execute::diff_without_keys(harness, &after) {
        empty if empty.is_empty() => Err("the harness is already as the edit would make it".into()),
        diff => Ok(diff),
    }
}

/// Compares a question with what the edit would change today. `since` says who changed the files of the question.
///
/// # Errors
/// Whatever `since` fails with.
pub(crate) fn standing(
    pending: &PendingReview,
    today: &Result<String, String>,
    since: impl FnOnce(&[String]) -> Result<String, Failure>,
) -> Result<Standing, Failure> {
    let paths = paths(&pending.diff);
    Ok(match today {
        Ok(diff) if body(diff) == body(&pending.diff) => Standing::Fresh,
        Ok(_) if paths.is_empty() => Standing::Stale("it could not be applied when it was proposed; now it can".into()),
        Ok(_) => Standing::Stale(since(&paths)?),
        Err(reason) if paths.is_empty() => Standing::Inapplicable(reason.clone()),
        Err(reason) => Standing::Inapplicable(format!("{}; {reason}", since(&paths)?)),
    })
}

/// A diff without the places of its hunks: lines that move down a file are the same lines.
fn body(diff: &str) -> Vec<&str> {
    diff.lines().filter(|line| !line.starts_with("@@ ")).collect()
}

/// The files that a diff of ours names.
pub(crate) fn paths(diff: &str) -> Vec<String> {
    let mut lines = diff.lines().peekable();
    let mut paths = Vec::new();
    while let Some(line) = lines.next() {
        // A removed line may begin with `--- a/` too; only a header is followed by the other header.
        let other = lines.peek().and_then(|next| next.strip_prefix("+++ b/"));
        if let (Some(path), Some(other)) = (line.strip_prefix("--- a/"), other)
            && path == other
        {
            paths.push(path.to_owned());
        }
    }
    paths
}

/// Who changed files last, as words.
///
/// # Errors
/// git says no.
pub(crate) fn since(workspace: &Workspace, paths: &[String]) -> Result<String, Failure> {
    let files = paths.join(", ");
    if !workspace.ledger.dirty(paths)?.is_empty() {
        return Ok(format!("{files} changed since it was proposed (not committed)"));
    }
    let commit = workspace.ledger.last_touch(paths)?;
    let commit = commit.map(|commit| format!(" (last by commit {})", &commit[..commit.len().min(8)]));
    Ok(format!(
        "{files} changed since it was proposed{}",
        commit.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DIFF: &str = "--- a/p.md\n+++ b/p.md\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n";

    fn asked(diff: &str) -> PendingReview {
        serde_json::from_value(
            json!({"session_id": "s", "edit_digest": "0".repeat(40), "diff": diff, "edit":
            {"id": "e", "pillar": "agent", "op": "replace_system_prompt", "target": "agents.a", "payload": {},
             "rationale": "", "expected_improvement": ""}}),
        )
        .unwrap()
    }

    fn judged(diff: &str, today: Result<&str, &str>) -> Standing {
        let today = today.map(str::to_owned).map_err(str::to_owned);
        standing(&asked(diff), &today, |paths| Ok(format!("{} changed", paths.join(" ")))).unwrap()
    }

    #[test]
    fn a_question_is_fresh_while_the_lines_are_the_same() {
        assert_eq!(judged(DIFF, Ok(DIFF)), Standing::Fresh);
        let moved = DIFF.replace("-1,2 +1,2", "-9,2 +9,2");
        assert_eq!(judged(DIFF, Ok(&moved)), Standing::Fresh);
        let other = DIFF.replace("-b", "-x");
        assert_eq!(judged(DIFF, Ok(&other)), Standing::Stale("p.md changed".into()));
    }

    #[test]
    fn what_cannot_be_applied_says_why() {
        assert_eq!(
            judged(DIFF, Err("no b")),
            Standing::Inapplicable("p.md changed; no b".into())
        );
        assert_eq!(judged("", Err("no b")), Standing::Inapplicable("no b".into()));
        assert!(matches!(judged("", Ok(DIFF)), Standing::Stale(reason) if reason.contains("now it can")));
    }

    #[test]
    fn only_headers_name_files() {
        let tricky = "--- a/p.md\n+++ b/p.md\n@@ -1 +1 @@\n--- a/other\n+++ b/else\n";
        assert_eq!(paths(tricky), ["p.md"]);
    }
}
