//! Events: what happens during a run, for people and for programs alike.

use serde::Serialize;

use crate::artifact::edit::Op;
use crate::artifact::outcome::OutcomeStatus;
use crate::artifact::record::Status;

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
        /// Which.
        phase: String,
        /// Why it was stale.
        reasons: Vec<String>,
    },
    /// A phase is done.
    PhaseFinished {
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
    /// Nothing is stale any more.
    SessionSettled {
        /// Its name.
        session: String,
        /// Where it stands.
        status: Status,
        /// Whether this run did anything.
        changed: bool,
    },
}

/// Where events go.
pub type Listener<'a> = &'a (dyn Fn(Event) + Sync);
