//! The events of a run, for users and for programs.

use serde::{Deserialize, Serialize};

use super::load::WorkLoad;
use crate::artifact::edit::Op;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::SessionStatus;
use crate::artifact::trigger::TriggerKind;
use crate::gate::trial::TrialLook;

/// An event of a run. The names are stable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A session was created.
    SessionStarted {
        /// The name of the session.
        session: String,
    },
    /// A phase begins.
    PhaseStarted {
        /// The session.
        session: String,
        /// The phase.
        phase: String,
        /// Why it was stale.
        reasons: Vec<String>,
        /// Whether the phase runs for the first time, so that nobody needs a reason.
        #[serde(skip)]
        is_first: bool,
    },
    /// A phase is done.
    PhaseFinished {
        /// The session.
        session: String,
        /// The phase.
        phase: String,
        /// One line about its result.
        summary: String,
    },
    /// The number of tasks attempted so far.
    Progress {
        /// The work that makes the attempts: a phase, an edit, a command.
        what: String,
        /// Finished attempts.
        done: usize,
        /// All attempts.
        of: usize,
    },
    /// Attempts in flight, failures, spending and rate limits. Only in `.kaizen/events.jsonl`.
    Load(WorkLoad),
    /// The evidence about the edit at the gate so far. Only in `.kaizen/events.jsonl`.
    Evidence {
        /// The session.
        session: String,
        /// The teacher's label.
        edit: String,
        /// The counts.
        #[serde(flatten)]
        look: TrialLook,
    },
    /// A command begins to work. Only in `.kaizen/events.jsonl`.
    WorkStarted,
    /// A command ended; one that was killed leaves no such event. Only in `.kaizen/events.jsonl`.
    WorkEnded,
    /// An edit has an outcome.
    EditSettled {
        /// The session.
        session: String,
        /// Position in the plan, from 1.
        number: usize,
        /// The number of edits in the plan.
        of: usize,
        /// The teacher's label.
        edit: String,
        /// The op of the edit.
        op: Op,
        /// The target of the edit.
        target: String,
        /// The status of the outcome.
        status: OutcomeStatus,
        /// Overall score after minus before.
        delta: Option<f64>,
        /// The 90 % interval of the target's change if the student is noisy; the mean alone would mislead.
        #[serde(skip_serializing_if = "Option::is_none")]
        interval: Option<[f64; 2]>,
        /// The reason for the status.
        reason: Option<String>,
        /// The commit.
        commit: Option<String>,
    },
    /// A message for the user.
    Note {
        /// The message.
        text: String,
    },
    /// A plan waits until a person releases it.
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
        /// The briefing folder, relative to the workspace.
        briefing: String,
    },
    /// `kaizen watch` has started.
    WatchStarted {
        /// The workspace.
        root: String,
        /// The id of the process.
        process: u32,
        /// Whether it polls, because the file system does not report changes.
        poll: bool,
    },
    /// A schedule, a flagged trace or a group of failures requests a session.
    TriggerDropped {
        /// The file in the inbox.
        file: String,
        /// What requests the session.
        kind: TriggerKind,
    },
    /// A file in the inbox became a session's trigger.
    TriggerClaimed {
        /// The file in the inbox.
        file: String,
        /// The session.
        session: String,
    },
    /// A file in the inbox is not a valid trigger; it stays there.
    TriggerRefused {
        /// The problem, with file, line and column.
        problem: String,
    },
    /// A changed manifest is in force.
    ManifestLoaded,
    /// A changed manifest is invalid; the last valid one stays in force.
    ManifestBroken {
        /// The problem, with line and column.
        problem: String,
    },
    /// Nothing starts until a person approves the list of programs, servers and keys.
    TrustNeeded {
        /// What is not approved, or why the approvals cannot be checked.
        problem: String,
    },
    /// The list is now approved.
    Trusted,
    /// A session failed; the watcher continues.
    SessionFailed {
        /// The session, or another part that failed.
        session: String,
        /// The problem.
        problem: String,
        /// Seconds until an automatic retry; none if only a change of files helps.
        retry_seconds: Option<i64>,
    },
    /// `kaizen watch` ends.
    WatchStopped {
        /// The signal that ended it.
        signal: String,
    },
    /// No phase of a session is stale any more.
    SessionSettled {
        /// The name of the session.
        session: String,
        /// The status of the session.
        status: SessionStatus,
        /// Whether this run changed anything.
        changed: bool,
    },
}

/// A function that receives events.
pub type Listener<'a> = &'a (dyn Fn(Event) + Sync);
