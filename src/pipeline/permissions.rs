//! Checks, before a command creates anything, that the user has approved the programs, servers and keys that it will
//! use.
//!
//! A phase that uses an engine needs approval even if every answer is cached, because its requests are not known in
//! advance.

use super::context::Context;
use super::next::{Next, next};
use crate::artifact::task::{Scorer, Task};
use crate::manifest::TeacherEngine;
use crate::manifest::phases::graph;
use crate::manifest::programs::ManifestPart;
use crate::pipeline::options::RunOptions;
use crate::pipeline::student_choice;
use crate::workspace::Workspace;
use crate::workspace::engines::by_files;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;
use crate::workspace::session::Session;

impl Workspace {
    /// Checks that the student and the scorers of these tasks may be used.
    ///
    /// # Errors
    /// They are not approved, or no student was chosen.
    pub(crate) fn may_evaluate<'t>(&self, tasks: impl IntoIterator<Item = &'t Task>) -> Result<(), RunError> {
        student_choice::check(self)?;
        Ok(self.permission.check(&self.of_evaluation(tasks))?)
    }

    /// Checks that all traces and tasks may be read, because a link may lead out of the workspace.
    ///
    /// # Errors
    /// They are not approved.
    pub(crate) fn may_read(&self) -> Result<(), RunError> {
        Ok(self.permission.check(&[])?)
    }

    fn of_evaluation<'t>(&self, tasks: impl IntoIterator<Item = &'t Task>) -> Vec<ManifestPart> {
        let mut parts = vec![ManifestPart::Student];
        parts.extend(self.manifest.student.tools.keys().cloned().map(ManifestPart::Tool));
        let (mut by_program, mut by_judge) = (false, false);
        for task in tasks {
            by_program |= task.scorer == Scorer::Command;
            by_judge |= task.scorer == Scorer::Judge;
        }
        parts.extend(by_program.then_some(ManifestPart::Scorer));
        parts.extend(by_judge.then_some(ManifestPart::Judge));
        parts
    }
}

/// Checks that a phase of a session may run.
///
/// # Errors
/// Something that it uses is not approved, or the benchmark cannot be read.
pub(super) fn phase(context: &Context, name: &str) -> Result<(), RunError> {
    let workspace = context.workspace;
    let by_files = by_files(&workspace.manifest, context.session.record()?.as_ref());
    phases(workspace, context.inputs, &[name], by_files)
}

/// Checks that these phases may run in a session that does not use the manifest's teacher.
///
/// # Errors
/// Something that they use is not approved, or the benchmark cannot be read.
pub(crate) fn without_teacher(workspace: &Workspace, names: &[&str]) -> Result<(), RunError> {
    phases(workspace, &Inputs::new(workspace), names, true)
}

/// Checks that a run with these options may start, before it begins or resumes a session.
///
/// # Errors
/// Something that it uses is not approved, or the session cannot be read.
pub(crate) fn run(workspace: &Workspace, asked: &RunOptions) -> Result<(), RunError> {
    let list = workspace.permission.list()?;
    if workspace.permission.approves(&list)? {
        return Ok(());
    }
    let order = graph(&workspace.manifest.phases()).map_err(RunError::Config)?;
    let place = |name: &str| order.iter().position(|other| other == name);
    let last = asked.until.as_deref().and_then(place).unwrap_or(order.len() - 1);
    let session = session_of(workspace, asked)?;
    let inputs = Inputs::new(workspace);
    let first = match &session {
        None => 0,
        Some(_) if !asked.redo.is_empty() => asked.redo.iter().filter_map(|name| place(name)).min().unwrap_or(0),
        Some(session) => match first(workspace, &inputs, asked, session)? {
            Some(phase) => place(&phase).unwrap_or(0),
            None => return Ok(()),
        },
    };
    let record = session.map(|session| session.record()).transpose()?.flatten();
    let by_files = asked.by_files || by_files(&workspace.manifest, record.as_ref());
    let names: Vec<&str> = order[first.min(last)..=last].iter().map(String::as_str).collect();
    phases(workspace, &inputs, &names, by_files)
}

/// The session that the run would resume; `None` if it would begin a new one.
fn session_of(workspace: &Workspace, asked: &RunOptions) -> Result<Option<Session>, RunError> {
    if let Some(id) = &asked.session {
        return workspace.session(id);
    }
    let newest = workspace.sessions()?.pop();
    Ok(newest.filter(|_| !asked.new && asked.begins_as.is_none() && asked.dropped.is_none()))
}

/// The first phase that the run would execute; `None` if there is nothing to do or the session waits for something.
fn first(
    workspace: &Workspace,
    inputs: &Inputs,
    asked: &RunOptions,
    session: &Session,
) -> Result<Option<String>, RunError> {
    let engines = workspace.engines();
    let context = Context {
        autonomy: asked.autonomy,
        ..Context::new(workspace, session, inputs, &engines)
    };
    Ok(match next(&context, asked.until.as_deref())? {
        // A phase that waits for a file needs a briefing, for which the student is run.
        Next::Run { phase, .. } | Next::Write { phase, .. } => Some(phase),
        Next::NotReady(_) | Next::Release | Next::Typed { .. } | Next::Nothing => None,
    })
}

fn phases(workspace: &Workspace, inputs: &Inputs, names: &[&str], by_files: bool) -> Result<(), RunError> {
    let list = workspace.permission.list()?;
    if workspace.permission.approves(&list)? {
        // This grants the engines everything that was approved.
        workspace.permission.check_all()?;
        return Ok(());
    }
    let (manifest, all) = (&workspace.manifest, workspace.manifest.phases());
    let mut parts = Vec::new();
    let mut evaluates = false;
    for name in names {
        match *name {
            _ if all.get(*name).is_some_and(|stanza| !stanza.run.is_empty()) => {
                parts.push(ManifestPart::Phase((*name).to_owned()));
            }
            "readiness" => {}
            "diagnose" | "plan" if !by_files => {
                parts.push(ManifestPart::Teacher);
                // Teacher `chat` compares answers with the judge.
                parts.extend((manifest.teacher.engine == TeacherEngine::Chat).then_some(ManifestPart::Judge));
                evaluates = true;
            }
            _ => evaluates = true,
        }
    }
    if evaluates {
        parts.extend(workspace.of_evaluation(&inputs.benchmark()?.tasks));
    }
    Ok(workspace.permission.check(&parts)?)
}
