//! Consultations: the ledger of the gate split, read and written down in the workspace.

use std::path::Path;

use super::event::Event;
use super::inputs::Inputs;
use crate::artifact::ArtifactError;
use crate::artifact::consultation::{Consultation, FILE};
use crate::artifact::task::Split;
use crate::eval::holdout;
use crate::eval::holdout::HoldoutWear;
use crate::ledger::FileState;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::session::SessionError;

/// All lines, oldest first. One that a crash cut off counts as nothing; kinds that are not known are kept.
///
/// # Errors
/// A line is no consultation: its place is named, and nothing is changed.
pub fn read(workspace: &Workspace) -> Result<Vec<Consultation>, RunError> {
    let path = workspace.root.join(FILE);
    let text = workspace.root.read_text(&path)?.unwrap_or_default();
    Ok(parse(Path::new(FILE), &text).map_err(SessionError::from)?)
}

/// Writes a consultation down, unless the same one stands there already; tells whether it did.
///
/// # Errors
/// A line that stands there is no consultation, or the file cannot be written.
pub fn record(workspace: &Workspace, line: &Consultation) -> Result<bool, RunError> {
    // What cannot be read cannot be compared with; the error names the line.
    read(workspace)?;
    let path = workspace.root.join(FILE);
    workspace.root.make_folder(path.parent().unwrap_or(&workspace.root))?;
    let text = format!("{}\n", serde_json::to_string(line).unwrap_or_default());
    let is_new = |text: &str| {
        let lines = parse(&path, text).unwrap_or_default();
        !lines.iter().any(|other| other.is_same(line))
    };
    Ok(workspace.root.append_if(&path, &text, &is_new)?)
}

/// How worn the gate split is; `None` before it was first consulted.
///
/// # Errors
/// A line is no consultation, or a file is not a benchmark.
pub fn wear(workspace: &Workspace) -> Result<Option<HoldoutWear>, RunError> {
    let lines = read(workspace)?;
    if lines.is_empty() {
        return Ok(None);
    }
    let gate = Inputs::new(workspace).benchmark()?.split(Split::Gate);
    let ids = gate.iter().map(|task| task.task_id.as_str());
    Ok(Some(holdout::wear(&lines, ids, workspace.manifest.gate.worn_after)))
}

/// The warning that a person gets before anything is spent on a worn split.
///
/// # Errors
/// See [`wear`].
pub fn warning(workspace: &Workspace) -> Result<Option<Event>, RunError> {
    let worn = wear(workspace)?.filter(|wear| wear.worn);
    Ok(worn.map(|wear| Event::Note { text: wear.words() }))
}

/// The file, when git can hold it and does not hold it as it is.
///
/// # Errors
/// git says no.
pub fn uncommitted(workspace: &Workspace) -> Result<Option<String>, RunError> {
    let status = workspace.ledger.status(&[FILE.to_owned()])?;
    let is_there = workspace.root.join(FILE).exists();
    let differs = is_there && status.iter().any(|file| file.state != FileState::Ignored);
    Ok(differs.then(|| FILE.to_owned()))
}

fn parse(path: &Path, text: &str) -> Result<Vec<Consultation>, ArtifactError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut found = Vec::new();
    for (at, line) in lines {
        match serde_json::from_str(line) {
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
