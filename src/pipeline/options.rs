//! What a run is asked, and how it ends.

use crate::artifact::record::{Autonomy, SessionRecord};
use crate::pipeline::unmet::Unmet;
use crate::workspace::session::Session;

/// What a user asked for.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// A session by name; the newest otherwise.
    pub session: Option<String>,
    /// A new session, even when the newest could be gone on with.
    pub new: bool,
    /// A new session, from this file in the inbox.
    pub dropped: Option<String>,
    /// Stop after this phase.
    pub until: Option<String>,
    /// Run these phases whether they are stale or not.
    pub redo: Vec<String>,
    /// In place of the session's own autonomy.
    pub autonomy: Option<Autonomy>,
    /// Commit the user's own changes to the harness first.
    pub adopt: bool,
    /// A new session waits for its diagnosis and its plan as files, whatever the manifest says.
    pub by_files: bool,
}

/// What a session waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitingFor {
    /// Evidence or tasks, as the message says.
    NotReady(String),
    /// A person's word that the plan may run.
    Release,
    /// A file that a person or an agent writes.
    Write(&'static str),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The session.
    pub session: Session,
    /// Its record.
    pub record: SessionRecord,
    /// Whether the run did anything.
    pub changed: bool,
    /// What the session waits for, when it stopped before its end.
    pub waits: Option<WaitingFor>,
    /// What phases read and nothing provides, so that they did not run.
    pub unmet: Vec<Unmet>,
}
