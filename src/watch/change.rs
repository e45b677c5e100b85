//! Classifies a changed path by its name.

use std::collections::BTreeSet;
use std::path::Path;

use crate::manifest;
use crate::manifest::Manifest;
use crate::sys::disk::side_file::is_side_file;
use crate::workspace::session::{CHECKPOINTS, FOLDER, OUTCOMES, PENDING, TRIGGER};
use crate::workspace::{inbox, session};

/// The kind of a changed path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeKind {
    /// The manifest.
    Manifest,
    /// A trigger in the inbox.
    Inbox,
    /// A file of this session that determines what is stale.
    Session(String),
    /// A file that changes when HEAD moves.
    Ledger,
    /// Traces or tasks.
    Evidence,
    /// A workspace file on the command line of a program that the manifest names: a part of that engine's identity and of
    /// the approval.
    Program,
}

/// The files of a session that determine what is stale: those that its phases read and write, and the checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionInputs {
    /// Paths in a session; folders end in `/`.
    names: BTreeSet<String>,
}

impl SessionInputs {
    /// Of the newest session, in which any file may be changed or removed.
    pub(crate) fn of_newest(manifest: &Manifest) -> Self {
        let mut inputs = Self::of_older(manifest);
        let written = manifest.phases().into_values().flat_map(|stanza| stanza.writes);
        inputs.names.extend(written);
        inputs.names.extend([OUTCOMES, CHECKPOINTS].map(str::to_owned));
        inputs
    }

    /// Of a session that is not the newest: the files that people write.
    pub(crate) fn of_older(manifest: &Manifest) -> Self {
        let read = manifest.phases().into_values().flat_map(|stanza| stanza.reads);
        let mut names: BTreeSet<String> = read.filter(|name| !name.starts_with('@') && name != OUTCOMES).collect();
        names.insert(TRIGGER.to_owned());
        Self { names }
    }

    /// The files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.names
            .iter()
            .map(String::as_str)
            .filter(|name| !name.ends_with('/'))
    }

    /// The folders whose content counts; each ends in `/`.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| name.ends_with('/'))
    }

    /// Whether a path in a session counts, or is a folder with such paths.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let as_folder = format!("{path}/");
        let is_part = |name: &String| *name == path || name.starts_with(&as_folder);
        path.is_empty() || self.names.iter().any(is_part) || self.folders().any(|folder| is_in(path, folder))
    }
}

/// Whether a path is in a folder and counts there. Hidden files do not, nor do side files among the questions.
fn is_in(path: &str, folder: &str) -> bool {
    let Some(rest) = path.strip_prefix(folder) else {
        return false;
    };
    !rest.split('/').any(|part| part.starts_with('.')) && (folder != PENDING || !is_side_file(rest))
}

/// The kind of a path relative to the workspace; `is_evidence` recognizes the manifest's traces and tasks. `None` for a
/// path that does not matter.
pub(crate) fn kind_of(path: &Path, inputs: &SessionInputs, is_evidence: &dyn Fn(&str) -> bool) -> Option<ChangeKind> {
    let path = path.to_string_lossy().replace('\\', "/");
    let parts: Vec<&str> = path.splitn(3, '/').collect();
    match parts.as_slice() {
        [manifest::FILE] => Some(ChangeKind::Manifest),
        [inbox::FOLDER, name] => inbox::is_trigger_name(name).then_some(ChangeKind::Inbox),
        [FOLDER, id, rest @ ..] if session::is_id(id) => {
            let rest = rest.first().copied().unwrap_or_default();
            inputs.holds(rest).then(|| ChangeKind::Session((*id).to_owned()))
        }
        _ => is_evidence(&path).then_some(ChangeKind::Evidence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(text: &str) -> SessionInputs {
        SessionInputs::of_newest(&Manifest::parse(Path::new(manifest::FILE), text).unwrap())
    }

    #[test]
    fn a_path_is_about_one_thing_or_none() {
        let is_evidence = |path: &str| path.starts_with("traces/") || path == "traces.db";
        let session = || Some(ChangeKind::Session("session-1".into()));
        let inputs = inputs(
            "[phase.notes]\nreads = [\"plan.json\", \"notes/\", \"a/b.txt\"]\nwrites = [\"x.md\"]\nrun = [\"true\"]\n",
        );
        for (path, expected) in [
            ("kaizen.toml", Some(ChangeKind::Manifest)),
            ("triggers/a.json", Some(ChangeKind::Inbox)),
            ("triggers/.a.json.swp", None),
            ("triggers/#go#", None),
            ("triggers/a/b", None),
            ("traces/a.jsonl", Some(ChangeKind::Evidence)),
            ("traces.db", Some(ChangeKind::Evidence)),
            ("sessions/session-1", session()),
            ("sessions/session-1/plan.json", session()),
            ("sessions/session-1/session.json", session()),
            ("sessions/session-1/pending_review", session()),
            ("sessions/session-1/pending_review/ab.json", session()),
            ("sessions/session-1/outcomes/ab.json", session()),
            ("sessions/session-1/checkpoints/plan.json", session()),
            ("sessions/session-1/notes", session()),
            ("sessions/session-1/notes/a", session()),
            ("sessions/session-1/a", session()),
            ("sessions/session-1/a/b.txt", session()),
            ("sessions/session-1/a/c.txt", None),
            ("sessions/session-1/notes/.a.swp", None),
            ("sessions/session-1/pending_review/.ab.json.swp", None),
            ("sessions/session-1/pending_review/#ab.json#", None),
            ("sessions/session-1/plan.json~", None),
            ("sessions/session-1/briefing/README.md", None),
            ("sessions/session-1/attic/ab", None),
            ("sessions/session-1/plan.check.md", None),
            ("sessions/session-1/diagnosis.check.md", None),
            ("sessions/.hidden/plan.json", None),
            ("sessions/openings.jsonl", None),
            ("agents/a/system_prompt.md", None),
            ("src/main.rs", None),
        ] {
            assert_eq!(kind_of(Path::new(path), &inputs, &is_evidence), expected, "{path}");
        }
    }

    #[test]
    fn of_an_older_session_only_what_people_write_counts() {
        let inputs = SessionInputs::of_older(&Manifest::default());
        for (path, expected) in [
            ("plan.json", true),
            ("diagnosis.md", true),
            ("pending_review/ab.json", true),
            ("outcomes/ab.json", false),
            ("checkpoints/plan.json", false),
        ] {
            assert_eq!(inputs.holds(path), expected, "{path}");
        }
    }
}
