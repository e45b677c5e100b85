//! The options and the result of a run.

use crate::artifact::outcome::RolledBackBy;
use crate::artifact::record::{Autonomy, SessionRecord};
use crate::pipeline::unmet::Unmet;
use crate::workspace::session::Session;

/// The options of a run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The id of the session to resume; if absent, the newest.
    pub session: Option<String>,
    /// Begin a new session even if the newest could be resumed.
    pub new: bool,
    /// Begin a new session from this file in the inbox.
    pub dropped: Option<String>,
    /// Stop after this phase.
    pub until: Option<String>,
    /// Run these phases again even if they are fresh.
    pub redo: Vec<String>,
    /// Overrides the session's own autonomy.
    pub autonomy: Option<Autonomy>,
    /// Commit the user's uncommitted changes to the harness first.
    pub adopt: bool,
    /// A new session takes its diagnosis and plan from files, regardless of the manifest.
    pub by_files: bool,
    /// What removed the edits that left the plan.
    pub reverter: RolledBackBy,
    /// Begin a new session with this id, in the worktree that was made for it.
    #[doc(hidden)]
    pub begins_as: Option<String>,
}

/// What a session waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitingFor {
    /// More traces or tasks, as the message says.
    NotReady(String),
    /// A person who releases the plan.
    Release,
    /// A file that a person or an agent has to write.
    Write(&'static str),
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The session.
    pub session: Session,
    /// Its record.
    pub record: SessionRecord,
    /// Whether the run changed the session.
    pub changed: bool,
    /// What the session waits for, if the run had to stop for it.
    pub waits: Option<WaitingFor>,
    /// The reads that nothing provides. The phases that need them did not run.
    pub unmet: Vec<Unmet>,
}
