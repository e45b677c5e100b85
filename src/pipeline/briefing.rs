//! The briefing: a folder that tells a person, an agent or a program what to write, and what they need for it.

use std::path::{Path, PathBuf};

use super::run_phase::Run;
use super::run_phase::brief::brief;
use super::state::{self, View};
use crate::digest::Digest;
use crate::sys::disk::Root;
use crate::sys::output;
use crate::sys::output::OutputError;
use crate::sys::process::Files;
use crate::teacher;
use crate::teacher::Briefing;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

/// Its name in a session.
pub const FOLDER: &str = "briefing";

/// Calls `use_it` with the view of a run on a session, outside of any phase. What the student takes is the session's.
///
/// # Errors
/// What the session has spent cannot be read, or the call's own.
pub fn within<T>(
    workspace: &Workspace,
    session: &Session,
    use_it: impl FnOnce(&Run) -> Result<T, RunError>,
) -> Result<T, RunError> {
    workspace.calls.charge(&session.path(""), "")?;
    let (inputs, engines, memo) = (Inputs::new(workspace), workspace.engines(), workspace.memo());
    let view = View::present(workspace, &inputs, &engines);
    use_it(&Run {
        view: &view,
        session,
        listener: &|_| {},
        memo: memo.as_ref(),
    })
}

/// Calls `use_it` with everything that a teacher is given.
///
/// # Errors
/// An input cannot be read.
pub fn lend<T>(run: &Run, use_it: impl FnOnce(&Briefing) -> T) -> Result<T, RunError> {
    let traces = run.view.inputs.evidence(run.moment()?)?;
    Ok(brief(run, &traces, use_it)?.0)
}

/// The files; `place` says where the diagnosis and the plan belong.
///
/// # Errors
/// An input cannot be read.
pub fn files(run: &Run, place: &str) -> Result<Files, RunError> {
    let manifest = &run.view.workspace.manifest;
    lend(run, |briefing| {
        let tasks: Vec<_> = briefing.train.iter().collect();
        let answers = (briefing.run_student)(briefing.harness, &tasks);
        teacher::brief::files(&teacher::brief::Brief {
            briefing,
            answers: &answers,
            manifest,
            place,
            redactor: &run.view.workspace.redactor,
        })
    })
}

/// Writes the briefing of a session into a folder below `root`, over an earlier one. Files that a person added stay; one that a person
/// edited is moved aside. Returns the new places of such files.
///
/// # Errors
/// An input cannot be read, or the folder not be written.
pub fn write(run: &Run, root: &Root, folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let files = files(run, &format!("`{}/`", run.session.relative()))?;
    let files: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    Ok(output::fill(root, folder, &files, &made_of(run)?.to_string())?)
}

/// Makes sure that the session's own briefing tells how things are; returns its place in the workspace.
///
/// # Errors
/// See [`write()`].
pub fn refresh(run: &Run) -> Result<String, RunError> {
    let (root, folder) = (run.session.root(), run.session.path(FOLDER));
    let made_of = made_of(run)?.to_string();
    if !output::is_ours(root, &folder, Some(&made_of))? {
        for aside in write(run, root, &folder)? {
            tracing::warn!("a file that you edited in the briefing is now {}", aside.display());
        }
    }
    Ok(format!("{}/{FOLDER}", run.session.relative()))
}

/// Whether a folder holds a briefing.
///
/// # Errors
/// It cannot be read.
pub fn is_one(root: &Root) -> Result<bool, OutputError> {
    output::is_ours(root, Path::new(""), None)
}

fn made_of(run: &Run) -> Result<Digest, RunError> {
    let read = |name| state::read(run.view, run.session, name);
    let manifest = &run.view.workspace.manifest;
    let inputs = (
        read("baseline.json")?,
        read("@traces")?,
        read("@train")?,
        &manifest.gate,
        &manifest.harness,
    );
    Ok(Digest::of_value(&(env!("CARGO_PKG_VERSION"), inputs)))
}
