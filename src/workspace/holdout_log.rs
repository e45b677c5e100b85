//! Reads and writes `benchmark/consultations.jsonl`, the log of uses of the gate tasks.

use std::path::Path;

use super::event::Event;
use super::inputs::Inputs;
use crate::artifact::ArtifactError;
use crate::artifact::holdout_use::{FILE, HoldoutUse};
use crate::artifact::task::Split;
use crate::eval::holdout;
use crate::eval::holdout::HoldoutWear;
use crate::ledger::FileState;
use crate::workspace::error::RunError;
use crate::workspace::session::SessionError;
use crate::workspace::{Workspace, wear_memory};

/// The attributes that git reads for the log.
pub(crate) const ATTRIBUTES: &str = "benchmark/.gitattributes";
/// The line of the attributes that keeps both branches' lines.
const UNION: &[u8] = b"consultations.jsonl merge=union\n";

/// All entries, oldest first. A line that a crash cut off is skipped; unknown kinds are kept.
///
/// # Errors
/// A line is not a consultation; the message gives its position, and nothing is changed.
pub(crate) fn read(workspace: &Workspace) -> Result<Vec<HoldoutUse>, RunError> {
    let path = workspace.root.join(FILE);
    let text = workspace.root.read_text(&path)?.unwrap_or_default();
    Ok(parse(Path::new(FILE), &text).map_err(SessionError::from)?)
}

/// Appends a consultation unless the file has the same one; returns whether it did.
///
/// # Errors
/// A line of the file is no JSON object, or the file cannot be written.
pub(crate) fn record(workspace: &Workspace, line: &HoldoutUse) -> Result<bool, RunError> {
    let known = workspace.root.read_text(FILE)?.unwrap_or_default();
    if !known.lines().all(may_be_a_consultation) {
        parse(Path::new(FILE), &known).map_err(SessionError::from)?;
    }
    let path = workspace.root.join(FILE);
    workspace.root.make_folder(path.parent().unwrap_or(&workspace.root))?;
    let_branches_merge(workspace)?;
    let text = format!("{}\n", serde_json::to_string(line).unwrap_or_default());
    Ok(workspace.root.append_if(&path, &text, &|text| !has(text, line))?)
}

/// Whether a line looks like a JSON object. Parsing all lines before each new one would take minutes for a plan of
/// thousands of edits; `run` and `verify` do it once.
fn may_be_a_consultation(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim_start();
    line.is_empty() || line.starts_with('{')
}

/// Whether the log has this consultation. A session appends a line for each of its edits, so only the lines that name the
/// edit are parsed.
fn has(text: &str, line: &HoldoutUse) -> bool {
    let edit = match line {
        HoldoutUse::Edit(edit) => edit.edit_digest.to_string(),
        _ => String::new(),
    };
    let named = text.lines().filter(|other| other.contains(&edit));
    let mut read = named.filter_map(|other| serde_json::from_str::<HoldoutUse>(other).ok());
    read.any(|other| other.is_same(line))
}

/// Makes git keep the lines of both branches when it merges the log: each branch appends its own. A person's file of
/// attributes is left as it is.
fn let_branches_merge(workspace: &Workspace) -> Result<(), RunError> {
    if workspace.root.is_taken(ATTRIBUTES)? || workspace.ledger.attribute("merge", FILE)?.as_deref() == Some("union") {
        return Ok(());
    }
    Ok(workspace.root.publish(ATTRIBUTES, UNION)?)
}

/// How worn the gate split is; `None` before its first use.
///
/// # Errors
/// A line is not a consultation, or a file is not a benchmark.
pub(crate) fn wear(workspace: &Workspace) -> Result<Option<HoldoutWear>, RunError> {
    // Before anything is read, so that a later change makes it another question.
    let question = wear_memory::question(workspace)?;
    if let Some(known) = question.and_then(|question| wear_memory::answer(workspace, question)) {
        return Ok(Some(known));
    }
    let wear = counted(workspace)?;
    if let Some((question, wear)) = question.zip(wear.as_ref()) {
        wear_memory::note(workspace, question, wear);
    }
    Ok(wear)
}

/// The same, from the log and the benchmark.
fn counted(workspace: &Workspace) -> Result<Option<HoldoutWear>, RunError> {
    let lines = read(workspace)?;
    if lines.is_empty() {
        return Ok(None);
    }
    let gate = Inputs::new(workspace).benchmark()?.split(Split::Gate);
    let ids = gate.iter().map(|task| task.task_id.as_str());
    Ok(Some(holdout::wear(&lines, ids, workspace.manifest.gate.worn_after)))
}

/// The warning before anything is spent on a worn split.
///
/// # Errors
/// See [`wear`].
pub(crate) fn warning(workspace: &Workspace) -> Result<Option<Event>, RunError> {
    let worn = wear(workspace)?.filter(|wear| wear.worn);
    Ok(worn.map(|wear| Event::Note { text: wear.words() }))
}

/// Those of the log and its attributes that have uncommitted changes and that git does not ignore. A person's file of
/// attributes is left to them.
///
/// # Errors
/// git fails.
pub(crate) fn uncommitted(workspace: &Workspace) -> Result<Vec<String>, RunError> {
    let mut own = Vec::new();
    if workspace.root.is_taken(FILE)? {
        own.push(FILE.to_owned());
    }
    if workspace.root.read(ATTRIBUTES)?.as_deref() == Some(UNION) {
        own.push(ATTRIBUTES.to_owned());
    }
    let status = workspace.ledger.status(&own)?;
    let differs = |path: &str| {
        status
            .iter()
            .any(|file| file.path == path && file.state != FileState::Ignored)
    };
    own.retain(|path| differs(path));
    Ok(own)
}

fn parse(path: &Path, text: &str) -> Result<Vec<HoldoutUse>, ArtifactError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut found = Vec::new();
    for (at, line) in lines {
        match HoldoutUse::of_line(line) {
            Ok(line) => found.push(line),
            Err(error) if error.is_eof() => {}
            Err(source) => {
                return Err(ArtifactError::Malformed {
                    path: path.to_owned(),
                    line: at + 1,
                    column: source.column().max(1),
                    source,
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::demo::demo;

    fn edit(number: usize) -> HoldoutUse {
        let line = json!({"kind": "edit", "at": "2026-01-01T00:00:00Z", "session_id": "s", "edit_id": format!("e{number}"),
            "edit_digest": format!("{number:040x}"), "tasks": "0".repeat(40), "pairs": 24, "decision": "reject",
            "reason": "futile"});
        serde_json::from_value(line).unwrap()
    }

    fn audit() -> HoldoutUse {
        let line =
            json!({"kind": "audit", "at": "t", "split": "gate", "since": "c", "tasks": "0".repeat(40), "pairs": 1});
        serde_json::from_value(line).unwrap()
    }

    /// The same entry with another value of one field.
    fn with(line: &HoldoutUse, field: &str, value: serde_json::Value) -> HoldoutUse {
        let mut line = serde_json::to_value(line).unwrap();
        line[field] = value;
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn a_consultation_is_recorded_once_and_each_audit_counts() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = demo(folder.path()).unwrap();
        let record = |line: &HoldoutUse| record(&workspace, line).unwrap();
        assert!(record(&edit(1)));
        assert!(!record(&with(&edit(1), "at", json!("2026-02-02T00:00:00Z"))));
        assert!(record(&edit(2)));
        assert!(record(&with(&edit(1), "pairs", json!(25))));
        assert!(record(&audit()) && record(&audit()));
        let unknown = "{\"kind\":\"dream\",\"of\":[\"sheep\"]}\n";
        let text = workspace.root.read_text(FILE).unwrap().unwrap() + unknown;
        workspace.root.publish(FILE, text.as_bytes()).unwrap();
        assert!(record(&edit(3)));
        assert!(workspace.root.read_text(FILE).unwrap().unwrap().contains(unknown));
        assert_eq!(read(&workspace).unwrap().len(), 7);
        let wear = wear(&workspace).unwrap().unwrap();
        assert_eq!((wear.consultations, wear.mean), (6, 6.0));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = demo(folder.path()).unwrap();
        workspace.root.publish(FILE, b"garbage\n").unwrap();
        let error = record(&workspace, &edit(1)).unwrap_err().to_string();
        assert!(error.contains("benchmark/consultations.jsonl:1:"), "{error}");
        assert_eq!(workspace.root.read_text(FILE).unwrap().unwrap(), "garbage\n");
    }

    #[test]
    fn the_log_belongs_to_no_harness_and_is_no_evidence_whatever_the_manifest_says() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = demo(folder.path()).unwrap();
        workspace.root.publish(FILE, b"").unwrap();
        assert!(!workspace.is_evidence(FILE) && workspace.is_evidence("benchmark/tasks.jsonl"));
        let manifest =
            "[harness]\nfiles = [\"config.toml\", \"benchmark/c*\"]\n[traces]\nfiles = [\"benchmark/c*.jsonl\"]\n";
        workspace.root.publish("kaizen.toml", manifest.as_bytes()).unwrap();
        let workspace = Workspace::open(&workspace.root).unwrap();
        assert!(!workspace.selects(FILE) && workspace.harness().unwrap().get(FILE).is_none());
    }
}
