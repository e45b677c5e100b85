//! The session that an MCP client drives, and its background run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::background_run::BackgroundRun;
use super::result::McpAnswer;
use super::status;
use super::submission::Submission;
use crate::cli::exit::CommandFailure;
use crate::pipeline::options::RunOptions;
use crate::pipeline::permissions;
use crate::pipeline::state::settled;
use crate::workspace::Workspace;
use crate::workspace::engines::by_files;
use crate::workspace::session::Session;

/// How long a call waits for the baseline.
const BASELINE: Duration = Duration::from_secs(15);

/// How long a poll that has an event waits for more.
const TOGETHER: Duration = Duration::from_secs(1);

/// Maximum size of notes that wait to be written, in bytes.
const MOST_NOTES: usize = 1 << 20;

/// The state of one client connection.
pub(crate) struct DrivenSession {
    /// The root of the workspace.
    pub root: PathBuf,
    work: BackgroundRun,
    client: Mutex<String>,
    /// Log lines of calls that only read. The next call that writes to the session writes them too.
    notes: Mutex<String>,
    /// The last submission of each file by this client.
    submissions: Mutex<BTreeMap<String, Submission>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DrivenSession {
    /// Starts without a session.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            work: BackgroundRun::new(root.clone()),
            root,
            client: Mutex::default(),
            notes: Mutex::default(),
            submissions: Mutex::default(),
        }
    }

    /// Records the name that the client states.
    pub(crate) fn meet(&self, client: &str) {
        let plain = |c: &char| c.is_ascii_alphanumeric() || "-_. ".contains(*c);
        *lock(&self.client) = client.chars().filter(plain).take(60).collect();
    }

    /// The author of submissions.
    pub(crate) fn author(&self) -> String {
        format!("mcp: {}", lock(&self.client))
    }

    /// Opens the workspace in its current state.
    ///
    /// # Errors
    /// The manifest is invalid, or there is no repository.
    pub(crate) fn workspace(&self) -> Result<Workspace, McpAnswer> {
        let open = || {
            let checkout = Workspace::open(&self.root)?;
            let named = self.work.session();
            let branch = match &named {
                Some(id) => checkout.session_branch(id)?,
                None => checkout.session_branches()?.pop(),
            };
            match branch.filter(|_| !checkout.is_of_a_branch()) {
                Some(branch) => checkout.in_worktree(&branch.root),
                None => Ok(checkout),
            }
        };
        let mut workspace = open().map_err(|error| failure(error.into()))?;
        workspace.holder = "kaizen mcp";
        Ok(workspace)
    }

    /// Opens the workspace for a tool that only reads; nothing is created.
    ///
    /// # Errors
    /// See [`DrivenSession::workspace`].
    pub(crate) fn onlooker(&self) -> Result<Workspace, McpAnswer> {
        let mut workspace = self.workspace()?;
        workspace.only_looks = true;
        Ok(workspace)
    }

    /// Keeps a log line about a call.
    pub(crate) fn note(&self, line: String) {
        let mut notes = lock(&self.notes);
        if notes.len() + line.len() <= MOST_NOTES {
            notes.push_str(&line);
        }
    }

    /// Returns the kept lines and removes them.
    pub(crate) fn take_notes(&self) -> String {
        std::mem::take(&mut *lock(&self.notes))
    }

    /// Remembers a submission of this client.
    pub(crate) fn remember(&self, submission: Submission) {
        lock(&self.submissions).insert(submission.file.clone(), submission);
    }

    /// Whether this client made a submission.
    pub(crate) fn wrote(&self, submission: &Submission) -> bool {
        lock(&self.submissions).get(&submission.file) == Some(submission)
    }

    /// The files that this client submitted.
    pub(crate) fn written(&self) -> Vec<String> {
        lock(&self.submissions).keys().cloned().collect()
    }

    /// The session: the one started by this client, or else the newest if it waits for files and is not settled.
    ///
    /// # Errors
    /// The sessions cannot be read.
    pub(crate) fn session(&self) -> Result<Option<Session>, McpAnswer> {
        if let Some(id) = self.work.session() {
            return self.workspace()?.session(&id).map_err(|error| failure(error.into()));
        }
        let workspace = self.workspace()?;
        let newest = workspace.sessions().map_err(|error| failure(error.into()))?.pop();
        let open = newest.filter(|newest| {
            let record = newest.record().ok().flatten();
            by_files(&workspace.manifest, record.as_ref()) && !record.as_ref().is_some_and(settled)
        });
        if let Some(session) = &open {
            self.work.drive(&session.id);
        }
        Ok(open)
    }

    /// The session, with a baseline. Starts a session and measures the baseline if necessary.
    ///
    /// # Errors
    /// It takes longer than one call may take, or fails.
    pub(crate) fn ready(&self) -> Result<Session, McpAnswer> {
        match self.session()? {
            Some(session) if has_baseline(&session) => Ok(session),
            open => self.begin(open.map(|session| session.id)),
        }
    }

    /// Like [`DrivenSession::ready`], but starts a new session if the current one has settled.
    ///
    /// # Errors
    /// See [`DrivenSession::ready`].
    pub(crate) fn open(&self) -> Result<Session, McpAnswer> {
        let is_settled = |session: &Session| session.record().ok().flatten().as_ref().is_some_and(settled);
        match self.session()?.is_some_and(|session| is_settled(&session)) {
            true => self.begin(None),
            false => self.ready(),
        }
    }

    fn begin(&self, session: Option<String>) -> Result<Session, McpAnswer> {
        // If a new session cannot be started, `session` still returns the old one. Nothing must be written to that one.
        let old = match session {
            None => self.session()?.map(|session| session.id),
            Some(_) => None,
        };
        let is_it = |session: &Session| has_baseline(session) && old.as_ref() != Some(&session.id);
        let asked = RunOptions {
            new: session.is_none(),
            session,
            until: Some("baseline".to_owned()),
            by_files: true,
            ..RunOptions::default()
        };
        self.may_run(&asked)?;
        // If another call has started it already, this one waits for the same run.
        let _ = self.work.start(asked);
        self.work.wait(BASELINE, false);
        match self.session()?.filter(is_it) {
            Some(session) if !self.work.is_running() => Ok(session),
            _ if self.work.is_running() => Err(McpAnswer::error(
                "the baseline is being measured: call poll_benchmark until it is done, then call this again",
            )),
            _ => Err(McpAnswer::error(self.work.problem())),
        }
    }

    /// Refuses a run that is not approved, before it starts.
    fn may_run(&self, asked: &RunOptions) -> Result<(), McpAnswer> {
        let workspace = self.workspace()?;
        permissions::run(&workspace, asked).map_err(|error| failure(error.into()))
    }

    /// Continues the session in the background.
    pub(crate) fn run_on(&self) -> McpAnswer {
        let session = match self.session() {
            Ok(Some(session)) => session,
            Ok(None) => {
                return McpAnswer::error("there is no session yet: examine the evidence first, then submit_diagnosis");
            }
            Err(answer) => return answer,
        };
        let asked = RunOptions {
            session: Some(session.id.clone()),
            ..RunOptions::default()
        };
        if let Err(answer) = self.may_run(&asked) {
            return answer;
        }
        match self.work.start(asked) {
            true => McpAnswer::json(&json!({"started": true, "session": session.id, "next": "poll_benchmark"})),
            false => McpAnswer::json(&json!({"started": false, "session": session.id,
                "next": "a run is already in progress: poll_benchmark"})),
        }
    }

    /// Returns the events since the last poll.
    pub(crate) fn poll(&self, seconds: u64) -> McpAnswer {
        self.work.wait(Duration::from_secs(seconds), true);
        // Phases follow each other quickly, so one answer can cover several.
        self.work.wait(TOGETHER.min(Duration::from_secs(seconds)), false);
        let mut news = self.work.news();
        if !self.is_running() {
            match status::next_step(self) {
                Ok(next) => news["next"] = next.into(),
                Err(answer) => return answer,
            }
        }
        McpAnswer::json(&news)
    }

    /// Whether a run is in progress, so that files must not be written.
    pub(crate) fn is_running(&self) -> bool {
        self.work.is_running()
    }
}

fn has_baseline(session: &Session) -> bool {
    session.checkpoint("baseline").is_some()
}

/// A failure as an answer, with its hint.
pub(crate) fn failure(failure: CommandFailure) -> McpAnswer {
    McpAnswer::error(match failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message,
    })
}
