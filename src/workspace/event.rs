//! Events: what happens during a run, for people and for programs alike.

use serde::Serialize;

use crate::artifact::edit::Op;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::SessionStatus;
use crate::artifact::trigger::TriggerKind;

/// Something that happened. The names are stable.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A session was made.
    SessionStarted {
        /// Its name.
        session: String,
    },
    /// A phase begins.
    PhaseStarted {
        /// The session.
        session: String,
        /// Which.
        phase: String,
        /// Why it was stale.
        reasons: Vec<String>,
    },
    /// A phase is done.
    PhaseFinished {
        /// The session.
        session: String,
        /// Which.
        phase: String,
        /// One line about its result.
        summary: String,
    },
    /// Tasks attempted so far.
    Progress {
        /// Done.
        done: usize,
        /// Of.
        of: usize,
    },
    /// An edit was decided about.
    EditSettled {
        /// The session.
        session: String,
        /// Position in the plan, from 1.
        number: usize,
        /// Edits in the plan.
        of: usize,
        /// The teacher's label.
        edit: String,
        /// Its operation.
        op: Op,
        /// Its target.
        target: String,
        /// What became of it.
        status: OutcomeStatus,
        /// Overall score after minus before.
        delta: Option<f64>,
        /// The target's change at 90 %, where the student is noisy: what to believe in place of a mean.
        #[serde(skip_serializing_if = "Option::is_none")]
        interval: Option<[f64; 2]>,
        /// Why.
        reason: Option<String>,
        /// The commit.
        commit: Option<String>,
    },
    /// Something that a person should know.
    Note {
        /// What.
        text: String,
    },
    /// A plan waits for a person's word.
    PlanHeld {
        /// The session.
        session: String,
    },
    /// A session waits for a file that a person or an agent writes.
    FileAwaited {
        /// The session.
        session: String,
        /// The phase that waits.
        phase: String,
        /// The file, relative to the workspace.
        file: String,
        /// The folder that says what to write, relative to the workspace.
        briefing: String,
    },
    /// `kaizen watch` looks from now on.
    WatchStarted {
        /// The workspace.
        root: String,
        /// The process.
        process: u32,
        /// Whether it looks again and again, since the file system does not tell.
        poll: bool,
    },
    /// A schedule, a flagged trace or a group of failures asks for a session.
    TriggerDropped {
        /// The file in the inbox.
        file: String,
        /// What asks.
        kind: TriggerKind,
    },
    /// A file in the inbox became a session's trigger.
    TriggerClaimed {
        /// The file in the inbox.
        file: String,
        /// The session.
        session: String,
    },
    /// A file in the inbox is no trigger; it stays there.
    TriggerRefused {
        /// What is wrong, with the file and its place.
        problem: String,
    },
    /// A changed manifest is in force.
    ManifestLoaded,
    /// A changed manifest cannot be used; the last good one stays in force.
    ManifestBroken {
        /// What is wrong, with its place.
        problem: String,
    },
    /// Nothing is started until a person approves what would be used.
    TrustNeeded {
        /// What is not approved, or why nobody can tell.
        problem: String,
    },
    /// What would be used is approved now.
    Trusted,
    /// A session could not go on; the watcher does.
    SessionFailed {
        /// The session, or what else could not go on.
        session: String,
        /// What is wrong.
        problem: String,
        /// Seconds until it is tried again by itself; none when only a change helps.
        retry_seconds: Option<i64>,
    },
    /// `kaizen watch` ends.
    WatchStopped {
        /// What ended it.
        signal: String,
    },
    /// Nothing is stale any more.
    SessionSettled {
        /// Its name.
        session: String,
        /// Where it stands.
        status: SessionStatus,
        /// Whether this run did anything.
        changed: bool,
    },
}

/// Where events go.
pub type Listener<'a> = &'a (dyn Fn(Event) + Sync);
