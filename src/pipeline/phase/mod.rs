//! The built-in phases. A phase reads its inputs through the context and returns its files, which `step` publishes.

pub(crate) mod baseline;
pub(super) mod brief;
mod by_command;
pub(super) mod by_files;
mod by_teacher;
mod execute;
pub(crate) mod readiness;
pub(crate) mod record;

pub(crate) use self::by_files::CALLS;
use crate::manifest::TeacherEngine;
use crate::pipeline::context::Context;
use crate::workspace::engines;
use crate::workspace::error::RunError;

/// The result of a phase.
pub(crate) struct PhaseOutput {
    /// Files to publish, as name and text.
    pub files: Vec<(String, String)>,
    /// One line for people.
    pub summary: String,
}

/// The author of the diagnosis and the plan.
enum Author {
    /// A built-in teacher.
    Teacher,
    /// A person or an agent, as files in the session's directory.
    Files,
    /// A program.
    Command,
}

/// Runs a built-in phase.
///
/// # Errors
/// See [`RunError`].
pub(crate) fn run(context: &Context, phase: &str) -> Result<PhaseOutput, RunError> {
    match phase {
        "readiness" => readiness::run(context),
        "baseline" => baseline::run(context),
        "diagnose" => match author(context, phase)? {
            Author::Teacher => by_teacher::diagnose(context),
            Author::Files => by_files::diagnosis(context),
            Author::Command => by_command::diagnosis(context),
        },
        "plan" => match author(context, phase)? {
            Author::Teacher => by_teacher::plan(context),
            Author::Files => by_files::plan(context),
            Author::Command => by_command::plan(context),
        },
        "execute" => execute::run(context),
        "record" => record::run(context),
        other => Err(RunError::NoSuchPhase {
            phase: other.to_owned(),
            known: context.manifest().phases().into_keys().collect(),
        }),
    }
}

fn author(context: &Context, phase: &str) -> Result<Author, RunError> {
    let record = context.session.record()?;
    Ok(match context.manifest().teacher.engine {
        _ if engines::awaited(context.manifest(), record.as_ref(), phase).is_some() => Author::Files,
        TeacherEngine::Command => Author::Command,
        _ => Author::Teacher,
    })
}
