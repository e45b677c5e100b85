//! Classifies a changed path by its name.

use std::path::Path;

use crate::manifest;
use crate::workspace::session::FOLDER;
use crate::workspace::{inbox, session};

/// The kind of a changed path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeKind {
    /// The manifest.
    Manifest,
    /// A trigger in the inbox.
    Inbox,
    /// A file that phases of this session read.
    Session(String),
    /// A file that changes when HEAD moves.
    Ledger,
    /// Traces or tasks.
    Evidence,
}

/// Files and folders of a session that no phase reads or only kaizen writes.
const OWN: [&str; 11] = [
    "after.json",
    "briefing",
    "budget.json",
    "session.json",
    "plan.check.md",
    "diagnosis.check.md",
    "evidence.jsonl",
    "attic",
    "outcomes",
    "checkpoints",
    "teacher",
];

/// The kind of a path relative to the workspace; `is_evidence` recognizes the manifest's traces and tasks. `None` for a
/// path that does not matter.
pub(crate) fn kind_of(path: &Path, is_evidence: &dyn Fn(&str) -> bool) -> Option<ChangeKind> {
    let path = path.to_string_lossy().replace('\\', "/");
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [manifest::FILE] => Some(ChangeKind::Manifest),
        [inbox::FOLDER, name] => inbox::is_trigger_name(name).then_some(ChangeKind::Inbox),
        [FOLDER, id, rest @ ..] if session::is_id(id) => is_read(rest).then(|| ChangeKind::Session((*id).to_owned())),
        _ => is_evidence(&path).then_some(ChangeKind::Evidence),
    }
}

/// Whether a phase may read a file of a session. The session's folder itself counts, because it may have appeared or
/// disappeared.
fn is_read(rest: &[&str]) -> bool {
    let in_progress = |part: &&str| part.starts_with('.') || part.ends_with('~');
    !rest.first().is_some_and(|first| OWN.contains(first)) && !rest.iter().any(in_progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_about_one_thing_or_none() {
        let is_evidence = |path: &str| path.starts_with("traces/") || path == "traces.db";
        let session = || Some(ChangeKind::Session("session-1".into()));
        for (path, expected) in [
            ("kaizen.toml", Some(ChangeKind::Manifest)),
            ("triggers/a.json", Some(ChangeKind::Inbox)),
            ("triggers/.a.json.swp", None),
            ("traces/a.jsonl", Some(ChangeKind::Evidence)),
            ("traces.db", Some(ChangeKind::Evidence)),
            ("sessions/session-1", session()),
            ("sessions/session-1/plan.json", session()),
            ("sessions/session-1/pending_review/ab.json", session()),
            ("sessions/session-1/pending_review/.ab.json.swp", None),
            ("sessions/session-1/plan.json~", None),
            ("sessions/session-1/session.json", None),
            ("sessions/session-1/briefing/README.md", None),
            ("sessions/session-1/outcomes/ab.json", None),
            ("sessions/session-1/plan.check.md", None),
            ("sessions/session-1/diagnosis.check.md", None),
            ("sessions/.hidden/plan.json", None),
            ("sessions/openings.jsonl", None),
            ("agents/a/system_prompt.md", None),
            ("src/main.rs", None),
        ] {
            assert_eq!(kind_of(Path::new(path), &is_evidence), expected, "{path}");
        }
    }
}
