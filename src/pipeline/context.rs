//! The context of a session: everything that the freshness check and the phases need to work on it.

use std::collections::BTreeMap;

use super::definition::definition;
use crate::artifact::baseline::Baseline;
use crate::artifact::outcome::RolledBackBy;
use crate::artifact::record::{Autonomy, SessionRecord};
use crate::artifact::task::Task;
use crate::artifact::trigger::Trigger;
use crate::artifact::{Artifact, ArtifactError};
use crate::digest::Digest;
use crate::eval::memo::{Forgetful, Memo};
use crate::eval::run::Evaluator;
use crate::harness::Harness;
use crate::ledger::graph::LedgerState;
use crate::manifest::Manifest;
use crate::manifest::phases::Stanza;
use crate::pipeline::edit_states::EditSearch;
use crate::workspace::engines::Engines;
use crate::workspace::error::RunError;
use crate::workspace::event::{Event, Listener};
use crate::workspace::inputs::Inputs;
use crate::workspace::session::{Session, SessionError};
use crate::workspace::{Workspace, cache_epoch, engines};

/// The inputs that count for the freshness of a settled session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// For a past session: only its own files count.
    History,
    /// For the session that a run would resume: the ledger and the settings of `execute` count as well.
    Present,
}

/// A session, with everything that the freshness check and the phases need.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub workspace: &'a Workspace,
    pub session: &'a Session,
    /// Traces, tasks and git, each read at most once.
    pub inputs: &'a Inputs<'a>,
    pub engines: &'a Engines,
    pub depth: Depth,
    /// Overrides the session's own autonomy.
    pub autonomy: Option<Autonomy>,
    /// What removed the edits that left the plan.
    pub reverter: RolledBackBy,
    /// Receives the events of a run.
    pub listener: Listener<'a>,
    /// Caches the student's attempts.
    pub memo: &'a dyn Memo,
}

impl<'a> Context<'a> {
    /// A context for inspecting a session: attempts are not cached, and events are ignored.
    pub(crate) fn new(
        workspace: &'a Workspace,
        session: &'a Session,
        inputs: &'a Inputs<'a>,
        engines: &'a Engines,
    ) -> Self {
        Self {
            workspace,
            session,
            inputs,
            engines,
            depth: Depth::Present,
            autonomy: None,
            reverter: RolledBackBy::default(),
            listener: &|_| {},
            memo: &Forgetful,
        }
    }

    pub(super) fn manifest(&self) -> &'a Manifest {
        &self.workspace.manifest
    }

    /// The autonomy of the session: the requested one, else the recorded one, else the manifest's.
    pub(super) fn autonomy_of(&self, record: Option<&SessionRecord>) -> Autonomy {
        let own = record.map(|record| record.autonomy_mode);
        self.autonomy.or(own).unwrap_or(self.manifest().session.autonomy)
    }

    /// The digest of a phase's definition, with the engines and the autonomy of the session.
    pub(super) fn definition(&self, record: Option<&SessionRecord>, phase: &str, stanza: &Stanza) -> Digest {
        let own = engines::for_session(self.engines, record);
        let engines = own.as_ref().unwrap_or(self.engines);
        definition(self.manifest(), phase, stanza, engines, self.autonomy_of(record))
    }

    /// Calls `use_it` with an evaluator that scores as the manifest says, caches attempts and reports progress.
    /// `what` names the work for that.
    pub(super) fn evaluating<T>(&self, what: &str, use_it: impl FnOnce(Evaluator) -> T) -> T {
        let score = |task: &Task, answer: &str| self.workspace.score(task, answer);
        let progress = |done, of| {
            let what = what.to_owned();
            (self.listener)(Event::Progress { what, done, of });
        };
        use_it(Evaluator {
            epoch: cache_epoch::of(&self.workspace.root, &self.workspace.student.identity(), self.session),
            ..self.workspace.evaluator(self.memo, &score, &progress)
        })
    }

    /// The session's start, in seconds since 1970, from which the age of traces counts even after a resume. 0 if
    /// `[privacy]` does not limit the age of traces.
    ///
    /// # Errors
    /// `[privacy]` limits the age of traces, and the trigger is missing or does not contain a valid time.
    pub(crate) fn moment(&self) -> Result<f64, RunError> {
        moment_of(self.manifest(), self.session)
    }

    /// Reads an artifact that must exist.
    pub(super) fn need<A: Artifact>(&self, name: &str) -> Result<A, RunError> {
        need(self.session, name)
    }

    /// Reads a text file that must exist.
    pub(super) fn text(&self, name: &str) -> Result<String, RunError> {
        let found = self.session.text(name)?;
        found.ok_or_else(|| RunError::missing(self.session, name))
    }

    /// The harness at the commit that the session builds on.
    pub(crate) fn base_harness(&self) -> Result<Harness, RunError> {
        let baseline: Baseline = self.need("baseline.json")?;
        self.inputs.harness_at(&baseline.harness_commit)
    }

    /// The state of each edit of the session in git.
    ///
    /// # Errors
    /// git fails, or the baseline cannot be read.
    pub(crate) fn ledger_states(&self) -> Result<BTreeMap<Digest, LedgerState>, RunError> {
        EditSearch::new(self.workspace, self.inputs, self.session)?.states()
    }

    pub(super) fn failed(&self, phase: &str) -> impl FnOnce(String) -> RunError + use<> {
        let phase = phase.to_owned();
        move |problem| RunError::Phase { phase, problem }
    }
}

fn need<A: Artifact>(session: &Session, name: &str) -> Result<A, RunError> {
    session.read(name)?.ok_or_else(|| RunError::missing(session, name))
}

/// See [`Context::moment`].
///
/// # Errors
/// As for [`Context::moment`].
pub(super) fn moment_of(manifest: &Manifest, session: &Session) -> Result<f64, RunError> {
    if manifest.privacy.max_age_days.is_none() {
        return Ok(0.0);
    }
    let trigger: Trigger = need(session, "trigger.json")?;
    let time = chrono::DateTime::parse_from_rfc3339(&trigger.created_at);
    time.map(|time| time.timestamp_micros() as f64 / 1e6).map_err(|_| {
        let problem = format!(
            "created_at `{}` is not a time, but [privacy] max_age_days counts from it; \
             write RFC 3339, such as 2026-01-01T00:00:00Z",
            trigger.created_at
        );
        let path = session.path("trigger.json");
        SessionError::from(ArtifactError::Invalid { path, problem }).into()
    })
}
