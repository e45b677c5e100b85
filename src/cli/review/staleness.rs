//! Staleness of a pending edit: whether it would still change what the proposed diff shows.

use serde::Serialize;

use crate::artifact::edit::Edit;
use crate::artifact::pending_review::PendingReview;
use crate::artifact::short_id;
use crate::cli::exit::CommandFailure;
use crate::harness::{Harness, op};
use crate::ledger::port::Ledger;
use crate::pipeline::execute;
use crate::workspace::Workspace;

/// Whether the proposed diff is still what the edit would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", content = "reason", rename_all = "snake_case")]
pub(crate) enum Staleness {
    /// The proposed diff is up to date.
    Fresh,
    /// The edit would now make another change; the reason.
    Stale(String),
    /// The edit cannot be applied now; the reason.
    Inapplicable(String),
}

impl Staleness {
    /// Why the edit cannot be accepted as shown; `None` if it can.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Staleness::Fresh => None,
            Staleness::Stale(reason) | Staleness::Inapplicable(reason) => Some(reason),
        }
    }
}

/// The diff that the edit would make in this harness.
///
/// # Errors
/// The reason, if the edit cannot be applied or changes nothing.
pub(crate) fn diff_of(edit: &Edit, harness: &Harness, rules: &op::OpRules) -> Result<String, String> {
    let after = op::apply(edit, harness, rules).map_err(|reason| reason.to_string())?;
    match execute::diff_without_keys(harness, &after) {
        empty if empty.is_empty() => Err("the harness is already as the edit would leave it".into()),
        diff => Ok(diff),
    }
}

/// Compares the proposed diff with the diff that the edit would make now. `since` describes the last change to the
/// files of the proposed diff.
///
/// # Errors
/// `since` fails.
pub(crate) fn staleness(
    pending: &PendingReview,
    today: &Result<String, String>,
    since: impl FnOnce(&[String]) -> Result<String, CommandFailure>,
) -> Result<Staleness, CommandFailure> {
    let paths = paths(&pending.diff);
    Ok(match today {
        Ok(diff) if body(diff) == body(&pending.diff) => Staleness::Fresh,
        Ok(_) if paths.is_empty() => {
            Staleness::Stale("it could not be applied when it was proposed; now it can".into())
        }
        Ok(_) => Staleness::Stale(since(&paths)?),
        Err(reason) if paths.is_empty() => Staleness::Inapplicable(reason.clone()),
        Err(reason) => Staleness::Inapplicable(format!("{}; {reason}", since(&paths)?)),
    })
}

/// A diff without its hunk headers: moved lines do not count as a change.
fn body(diff: &str) -> Vec<&str> {
    diff.lines().filter(|line| !line.starts_with("@@ ")).collect()
}

/// The paths in a diff that kaizen made.
pub(crate) fn paths(diff: &str) -> Vec<String> {
    let mut lines = diff.lines().peekable();
    let mut paths = Vec::new();
    while let Some(line) = lines.next() {
        // A removed line can also start with `--- a/`, but only in a header does `+++ b/` with the same path follow.
        let other = lines.peek().and_then(|next| next.strip_prefix("+++ b/"));
        if let (Some(path), Some(other)) = (line.strip_prefix("--- a/"), other)
            && path == other
        {
            paths.push(path.to_owned());
        }
    }
    paths
}

/// Describes the last change to these files.
///
/// # Errors
/// git fails.
pub(crate) fn since(workspace: &Workspace, paths: &[String]) -> Result<String, CommandFailure> {
    let files = paths.join(", ");
    if !workspace.ledger.dirty(paths)?.is_empty() {
        return Ok(format!("{files} changed since it was proposed (not committed)"));
    }
    let commit = workspace.ledger.last_touch(paths)?;
    let commit = commit.map(|commit| format!(" (last by commit {})", short_id(&commit)));
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

    fn staleness_of(diff: &str, today: Result<&str, &str>) -> Staleness {
        let today = today.map(str::to_owned).map_err(str::to_owned);
        staleness(&asked(diff), &today, |paths| Ok(format!("{} changed", paths.join(" ")))).unwrap()
    }

    #[test]
    fn a_question_is_fresh_while_the_lines_are_the_same() {
        assert_eq!(staleness_of(DIFF, Ok(DIFF)), Staleness::Fresh);
        let moved = DIFF.replace("-1,2 +1,2", "-9,2 +9,2");
        assert_eq!(staleness_of(DIFF, Ok(&moved)), Staleness::Fresh);
        let other = DIFF.replace("-b", "-x");
        assert_eq!(staleness_of(DIFF, Ok(&other)), Staleness::Stale("p.md changed".into()));
    }

    #[test]
    fn what_cannot_be_applied_says_why() {
        assert_eq!(
            staleness_of(DIFF, Err("no b")),
            Staleness::Inapplicable("p.md changed; no b".into())
        );
        assert_eq!(staleness_of("", Err("no b")), Staleness::Inapplicable("no b".into()));
        assert!(matches!(staleness_of("", Ok(DIFF)), Staleness::Stale(reason) if reason.contains("now it can")));
    }

    #[test]
    fn only_headers_name_files() {
        let tricky = "--- a/p.md\n+++ b/p.md\n@@ -1 +1 @@\n--- a/other\n+++ b/else\n";
        assert_eq!(paths(tricky), ["p.md"]);
    }
}
