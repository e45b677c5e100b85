//! The session that a client drives, and the run that is at work on it.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::answer::Answer;
use super::work::Work;
use crate::cli::exit::Failure;
use crate::pipeline::options::RunOptions;
use crate::pipeline::permitted;
use crate::pipeline::state::settled;
use crate::workspace::authorship::by_files;
use crate::workspace::session::Session;
use crate::workspace::{Workspace, session};

/// How long a call waits for the baseline.
const BASELINE: Duration = Duration::from_secs(15);

/// How long a poll that has news waits for more.
const TOGETHER: Duration = Duration::from_secs(1);

/// Bytes of notes that are kept until they can be written.
const MOST_NOTES: usize = 1 << 20;

/// What a client drives.
pub(crate) struct Driven {
    /// The workspace.
    pub root: PathBuf,
    work: Work,
    client: Mutex<String>,
    /// Calls that only read, a line each: they are written by the next call that writes anyway.
    notes: Mutex<String>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Driven {
    /// Nothing is driven yet.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            work: Work::new(root.clone()),
            root,
            client: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// Remembers who the client says it is.
    pub(crate) fn meet(&self, client: &str) {
        let plain = |c: &char| c.is_ascii_alphanumeric() || "-_. ".contains(*c);
        *held(&self.client) = client.chars().filter(plain).take(60).collect();
    }

    /// Who wrote what is submitted.
    pub(crate) fn author(&self) -> String {
        format!("mcp: {}", held(&self.client))
    }

    /// The workspace as it is now.
    ///
    /// # Errors
    /// The manifest is not usable, or there is no repository.
    pub(crate) fn workspace(&self) -> Result<Workspace, Answer> {
        let mut workspace = Workspace::open(&self.root).map_err(|error| failure(error.into()))?;
        workspace.holder = "kaizen mcp";
        Ok(workspace)
    }

    /// The same for a tool that only reads: nothing is created through it.
    ///
    /// # Errors
    /// See [`Driven::workspace`].
    pub(crate) fn onlooker(&self) -> Result<Workspace, Answer> {
        let mut workspace = self.workspace()?;
        workspace.only_looks = true;
        Ok(workspace)
    }

    /// Keeps a line about a call.
    pub(crate) fn note(&self, line: String) {
        let mut notes = held(&self.notes);
        if notes.len() + line.len() <= MOST_NOTES {
            notes.push_str(&line);
        }
    }

    /// The lines that were kept; from now on they are the caller's.
    pub(crate) fn take_notes(&self) -> String {
        std::mem::take(&mut *held(&self.notes))
    }

    /// The session: the one that was begun here, else the newest when it waits for files and is not settled.
    ///
    /// # Errors
    /// The sessions cannot be read.
    pub(crate) fn session(&self) -> Result<Option<Session>, Answer> {
        if let Some(id) = self.work.session() {
            return Ok(session::find(&self.workspace()?.root, &id));
        }
        let workspace = self.workspace()?;
        let newest = session::all(&workspace.root)
            .map_err(|error| failure(error.into()))?
            .pop();
        let open = newest.filter(|newest| {
            let record = newest.record().ok().flatten();
            by_files(&workspace.manifest, record.as_ref()) && !record.as_ref().is_some_and(settled)
        });
        if let Some(session) = &open {
            self.work.drive(&session.id);
        }
        Ok(open)
    }

    /// The session with its baseline; one is begun, and the baseline measured, where that is lacking.
    ///
    /// # Errors
    /// It takes longer than a call may, or cannot be done.
    pub(crate) fn ready(&self) -> Result<Session, Answer> {
        if let Some(session) = self.session()?.filter(has_baseline) {
            return Ok(session);
        }
        let session = self.session()?.map(|session| session.id);
        self.begin(session)
    }

    /// The same, with a new session in the place of one that has settled.
    ///
    /// # Errors
    /// See [`Driven::ready`].
    pub(crate) fn open(&self) -> Result<Session, Answer> {
        let is_settled = |session: &Session| session.record().ok().flatten().as_ref().is_some_and(settled);
        match self.session()?.is_some_and(|session| is_settled(&session)) {
            true => self.begin(None),
            false => self.ready(),
        }
    }

    fn begin(&self, session: Option<String>) -> Result<Session, Answer> {
        // A new session that could not be begun leaves the old one where it was: that is not the one to write to.
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
        // Another call may have begun it: then this one waits for the same.
        let _ = self.work.start(asked);
        self.work.wait(BASELINE, false);
        match self.session()?.filter(is_it) {
            Some(session) if !self.work.is_running() => Ok(session),
            _ if self.work.is_running() => Err(Answer::error(
                "the baseline is being measured: call poll_benchmark until it is done, then call this again",
            )),
            _ => Err(Answer::error(self.work.problem())),
        }
    }

    /// Refuses a run that nobody approved, before anything of it begins.
    fn may_run(&self, asked: &RunOptions) -> Result<(), Answer> {
        let workspace = self.workspace()?;
        permitted::run(&workspace, asked).map_err(|error| failure(error.into()))
    }

    /// Runs the session on in the background.
    pub(crate) fn run_on(&self) -> Answer {
        let session = match self.session() {
            Ok(Some(session)) => session,
            Ok(None) => {
                return Answer::error("there is no session yet: look at the evidence first, then submit_diagnosis");
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
            true => Answer::json(&json!({"started": true, "session": session.id, "next": "poll_benchmark"})),
            false => Answer::json(&json!({"started": false, "session": session.id,
                "next": "a run is under way already: poll_benchmark"})),
        }
    }

    /// Tells what happened since the last poll.
    pub(crate) fn poll(&self, seconds: u64) -> Answer {
        self.work.wait(Duration::from_secs(seconds), true);
        // Phases follow each other closely: one answer can tell of several.
        self.work.wait(TOGETHER.min(Duration::from_secs(seconds)), false);
        Answer::json(&self.work.news())
    }

    /// Whether a run is at work, so that files should be left alone.
    pub(crate) fn is_running(&self) -> bool {
        self.work.is_running()
    }
}

fn has_baseline(session: &Session) -> bool {
    session.checkpoint("baseline").is_some()
}

/// A failure in words for the client.
pub(crate) fn failure(failure: Failure) -> Answer {
    Answer::error(match failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message,
    })
}
