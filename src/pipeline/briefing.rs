//! Creates the briefing: a folder that tells a person, an agent or a program what to write, and contains the evidence
//! for it.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::phase::brief::brief;
use super::rejected_edits::rejected_edits;
use super::state;
use crate::digest::Digest;
use crate::sys::disk::Root;
use crate::sys::output;
use crate::sys::output::OutputError;
use crate::sys::process::ProgramFiles;
use crate::teacher;
use crate::teacher::{Briefing, RejectedEdit, Teacher};
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, engines};

/// The folder's name in a session.
pub(crate) const FOLDER: &str = "briefing";

/// Calls `use_it` with a context for a session, outside any phase. Calls of the student are charged to the session.
///
/// # Errors
/// The session's log of spending cannot be read, or `use_it` fails.
pub(crate) fn within<T>(
    workspace: &Workspace,
    session: &Session,
    use_it: impl FnOnce(&Context) -> Result<T, RunError>,
) -> Result<T, RunError> {
    workspace.calls.charge(session.root(), &session.path(""), "")?;
    let (inputs, engines, memo) = (Inputs::new(workspace), workspace.engines(), workspace.memo());
    use_it(&Context {
        memo: memo.as_ref(),
        ..Context::new(workspace, session, &inputs, &engines)
    })
}

/// Calls `use_it` with a teacher's briefing.
///
/// # Errors
/// An input cannot be read.
pub(crate) fn lend<T>(context: &Context, use_it: impl FnOnce(&Briefing) -> T) -> Result<T, RunError> {
    let traces = context.inputs.evidence(context.moment()?)?;
    Ok(brief(context, &traces, use_it)?.0)
}

/// The files of the briefing; `place` tells the reader where to write the diagnosis and the plan.
///
/// # Errors
/// An input cannot be read.
pub(crate) fn files(context: &Context, place: &str) -> Result<ProgramFiles, RunError> {
    let manifest = &context.workspace.manifest;
    lend(context, |briefing| {
        let tasks: Vec<_> = briefing.train.iter().collect();
        let answers = (briefing.run_student)(briefing.harness, &tasks);
        let candidates = engines::candidates(manifest).map_or(Ok(Vec::new()), |rules| rules.candidates(briefing));
        let candidates = candidates.unwrap_or_else(|failure| {
            tracing::warn!("the briefing has no measured candidates: {}", failure.problem);
            Vec::new()
        });
        teacher::brief::files(&teacher::brief::TeacherBrief {
            briefing,
            answers: &answers,
            candidates: &candidates,
            manifest,
            place,
            redactor: &context.workspace.redactor,
        })
    })
}

/// Writes the briefing of a session into a folder under `root`, and replaces an earlier one. Files that a person added
/// are kept; files that a person edited are renamed. Returns the new paths of renamed files.
///
/// # Errors
/// An input cannot be read, or the folder cannot be written.
pub(crate) fn write(context: &Context, root: &Root, folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let files = files(context, &format!("`{}/`", context.session.relative()))?;
    let files: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    Ok(output::fill(root, folder, &files, &made_of(context)?.to_string())?)
}

/// Writes the session's own briefing again if its inputs have changed; returns its path in the workspace.
///
/// # Errors
/// See [`write()`].
pub(crate) fn refresh(context: &Context) -> Result<String, RunError> {
    let (root, folder) = (context.session.root(), context.session.path(FOLDER));
    let made_of = made_of(context)?.to_string();
    if !output::is_ours(root, &folder, Some(&made_of))? {
        for backup in write(context, root, &folder)? {
            tracing::warn!(
                "a briefing file that you had edited was renamed to {}",
                backup.display()
            );
        }
    }
    Ok(format!("{}/{FOLDER}", context.session.relative()))
}

/// Whether a folder contains a briefing.
///
/// # Errors
/// It cannot be read.
pub(crate) fn is_one(root: &Root) -> Result<bool, OutputError> {
    output::is_ours(root, Path::new(""), None)
}

fn made_of(context: &Context) -> Result<Digest, RunError> {
    let read = |name| state::read(context, name);
    let manifest = &context.workspace.manifest;
    let rejected = rejected_edits(context.workspace, context.inputs, Some(&context.session.id))?;
    let inputs = (
        read("baseline.json")?,
        read("@traces")?,
        read("@train")?,
        &manifest.gate,
        &manifest.harness,
        engines::candidates(manifest).map(|rules| rules.identity()),
        rejected.iter().map(RejectedEdit::shown).collect::<Vec<_>>(),
    );
    Ok(Digest::of_value(&(env!("CARGO_PKG_VERSION"), inputs)))
}
