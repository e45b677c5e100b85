//! Run one phase: gather what it reads, call it, return what it writes.

mod baseline;
pub(super) mod brief;
pub(super) mod by_command;
pub(super) mod by_files;
mod diagnose;
mod execute;
mod plan;
mod readiness;
mod record;

pub(crate) use self::by_files::CALLS;
use super::state::View;
use crate::artifact::baseline::Baseline;
use crate::artifact::task::Task;
use crate::artifact::trigger::Trigger;
use crate::artifact::{Artifact, ArtifactError};
use crate::eval::memo::Memo;
use crate::eval::run::Evaluator;
use crate::harness::Harness;
use crate::manifest::{Manifest, TeacherEngine};
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::session::{Session, SessionError};
use crate::workspace::{authorship, cache_epoch};

/// What a phase leaves: files by name, and a line about them.
pub(crate) struct PhaseOutput {
    /// Files to publish, by name.
    pub files: Vec<(String, String)>,
    /// One line for people.
    pub summary: String,
}

/// One phase of one session, about to run.
pub(crate) struct Run<'a> {
    /// The view on the workspace.
    pub view: &'a View<'a>,
    /// The session.
    pub session: &'a Session,
    /// Where events go.
    pub listener: Listener<'a>,
    /// What was asked before.
    pub memo: &'a dyn Memo,
}

/// Runs a built-in phase.
///
/// # Errors
/// See [`RunError`].
pub(crate) fn built_in(run: &Run, phase: &str) -> Result<PhaseOutput, RunError> {
    match phase {
        "readiness" => readiness::readiness(run),
        "baseline" => baseline::baseline(run),
        "diagnose" => diagnose::diagnose(run),
        "plan" => plan::plan(run),
        "execute" => execute::execute(run),
        "record" => record::record(run),
        other => Err(RunError::NoSuchPhase {
            phase: other.to_owned(),
            known: run.view.workspace.manifest.phases().into_keys().collect(),
        }),
    }
}

/// Who writes a diagnosis or a plan.
enum Author {
    /// A teacher that is asked.
    Teacher,
    /// A person or an agent, in the session's directory.
    Files,
    /// A program.
    Command,
}

/// The start of a session, as [`Run::moment`] says.
///
/// # Errors
/// The trigger does not say, and `[privacy]` asks.
pub(crate) fn moment_of(manifest: &Manifest, session: &Session) -> Result<f64, RunError> {
    if manifest.privacy.max_age_days.is_none() {
        return Ok(0.0);
    }
    let trigger: Trigger = need(session, "trigger.json")?;
    let time = chrono::DateTime::parse_from_rfc3339(&trigger.created_at);
    time.map(|time| time.timestamp_micros() as f64 / 1e6).map_err(|_| {
        let problem = format!(
            "created_at `{}` is not a time, and [privacy] max_age_days counts from it; \
             write RFC 3339, such as 2026-01-01T00:00:00Z",
            trigger.created_at
        );
        let path = session.path("trigger.json");
        SessionError::from(ArtifactError::Invalid { path, problem }).into()
    })
}

fn need<A: Artifact>(session: &Session, name: &str) -> Result<A, RunError> {
    session.read(name)?.ok_or_else(|| RunError::missing(session, name))
}

impl Run<'_> {
    fn author(&self, phase: &str) -> Result<Author, RunError> {
        let record = self.session.record()?;
        Ok(match self.manifest().teacher.engine {
            _ if authorship::awaited(self.manifest(), record.as_ref(), phase).is_some() => Author::Files,
            TeacherEngine::Command => Author::Command,
            _ => Author::Teacher,
        })
    }

    fn manifest(&self) -> &Manifest {
        &self.view.workspace.manifest
    }

    /// Lends an evaluator that scores as the manifest says, remembers, and tells how far it is.
    fn evaluating<T>(&self, use_it: impl FnOnce(Evaluator) -> T) -> T {
        let workspace = self.view.workspace;
        let score = |task: &Task, answer: &str| workspace.score(task, answer);
        let progress = |done, of| (self.listener)(Event::Progress { done, of });
        use_it(Evaluator {
            epoch: cache_epoch::of(&workspace.root, &workspace.student.identity(), self.session),
            ..workspace.evaluator(self.memo, &score, &progress)
        })
    }

    /// The session's start, in seconds since 1970: what the age of traces is judged by, whenever it is resumed.
    ///
    /// # Errors
    /// The trigger does not say, and `[privacy]` asks.
    pub(crate) fn moment(&self) -> Result<f64, RunError> {
        moment_of(self.manifest(), self.session)
    }

    fn need<A: Artifact>(&self, name: &str) -> Result<A, RunError> {
        need(self.session, name)
    }

    fn text(&self, name: &str) -> Result<String, RunError> {
        self.session
            .text(name)?
            .ok_or_else(|| RunError::missing(self.session, name))
    }

    pub(crate) fn base_harness(&self) -> Result<Harness, RunError> {
        let baseline: Baseline = self.need("baseline.json")?;
        self.view.inputs.harness_at(&baseline.harness_commit)
    }

    fn failed(&self, phase: &str) -> impl FnOnce(String) -> RunError {
        let phase = phase.to_owned();
        move |problem| RunError::Phase { phase, problem }
    }
}
