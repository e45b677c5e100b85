//! Reads the records of requests and of paid answers in a workspace.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::artifact::egress::{self, Egress};
use crate::artifact::spending::{self, Spending};
use crate::cli::exit::CommandFailure;
use crate::sys::disk::Root;
use crate::workspace::session::Session;
use crate::workspace::{OWN_FOLDER, session, session_branch};

/// One request, and the session that sent it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SentRequest {
    /// Absent outside sessions.
    pub session: Option<String>,
    /// The line in `egress.jsonl`.
    #[serde(flatten)]
    pub line: Egress,
}

/// A paid answer, and the session that asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PaidAnswer {
    /// Absent outside sessions.
    pub session: Option<String>,
    /// The line in `spending.jsonl`.
    #[serde(flatten)]
    pub line: Spending,
}

/// The part of the workspace to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All sessions.
    Sessions,
    /// One session.
    Session(String),
    /// `.kaizen/`, where requests outside sessions are recorded.
    Outside,
}

/// The records that were found.
#[derive(Debug)]
pub(crate) struct Records {
    /// The part of the workspace that was searched.
    pub scope: Scope,
    /// Number of sessions searched.
    pub sessions: usize,
    /// Whether there is an `egress.jsonl`.
    pub has_file: bool,
    /// Recorded requests.
    pub sent: Vec<SentRequest>,
    /// Recorded paid answers.
    pub paid: Vec<PaidAnswer>,
    /// Signs that the records are incomplete, as text.
    pub doubts: Vec<String>,
}

impl Records {
    /// Reads the records of all sessions, also of those with worktrees. Any folder with a session's name counts as a session.
    /// `prefix` is the workspace in its work tree.
    ///
    /// # Errors
    /// A record cannot be read.
    pub(crate) fn of_sessions(root: &Root, prefix: &str) -> Result<Self, CommandFailure> {
        let mut records = Self::empty(Scope::Sessions);
        let names = root.names(session::FOLDER)?;
        for id in names.iter().filter(|name| session::is_id(name)) {
            records.add_session(root, id)?;
        }
        for id in session_branch::names(root)?.iter().filter(|id| !names.contains(id)) {
            if let Some(there) = session_branch::root_of(root, prefix, id)? {
                records.add_session(&there, id)?;
            }
        }
        Ok(records)
    }

    /// Reads the records of one session.
    ///
    /// # Errors
    /// A record cannot be read.
    pub(crate) fn of_session(root: &Root, id: &str) -> Result<Self, CommandFailure> {
        let mut records = Self::empty(Scope::Session(id.to_owned()));
        records.add_session(root, id)?;
        Ok(records)
    }

    /// Reads the records of requests outside sessions.
    ///
    /// # Errors
    /// A record cannot be read.
    pub(crate) fn outside(root: &Root) -> Result<Self, CommandFailure> {
        let mut records = Self::empty(Scope::Outside);
        records.add(root, &root.join(OWN_FOLDER), OWN_FOLDER, None)?;
        Ok(records)
    }

    fn empty(scope: Scope) -> Self {
        Self {
            scope,
            sessions: 0,
            has_file: false,
            sent: Vec::new(),
            paid: Vec::new(),
            doubts: Vec::new(),
        }
    }

    fn add_session(&mut self, root: &Root, id: &str) -> Result<(), CommandFailure> {
        let session = Session::at(root, id);
        self.sessions += 1;
        self.add(root, &session.path(""), &session.relative(), Some(id))?;
        // `kaizen verify` reports an unreadable `session.json`.
        let counted = session
            .record()
            .ok()
            .flatten()
            .map_or(0, |record| record.spending.values().map(|sum| sum.calls).sum::<u64>());
        let noted = self
            .paid
            .iter()
            .filter(|paid| paid.session.as_deref() == Some(id))
            .count() as u64;
        if counted > noted {
            self.doubts.push(format!(
                "{}/session.json counts {counted} answers of language models, but {} lists {noted}: lines are missing",
                session.relative(),
                spending::FILE
            ));
        }
        Ok(())
    }

    fn add(&mut self, root: &Root, folder: &Path, shown: &str, session: Option<&str>) -> Result<(), CommandFailure> {
        let (sent, paid) = (
            self.lines::<Egress>(root, folder, shown, egress::FILE)?,
            self.lines::<Spending>(root, folder, shown, spending::FILE)?,
        );
        self.has_file |= sent.is_some();
        let (sent, paid) = (sent.unwrap_or_default(), paid.unwrap_or_default());
        let requests: BTreeSet<_> = sent.iter().map(|line| line.request).collect();
        let unseen = paid.iter().filter(|line| !requests.contains(&line.request)).count();
        if unseen > 0 {
            self.doubts.push(format!(
                "{shown}: {unseen} paid answers have no request in {}: a program sent the requests itself, or lines are \
                 missing",
                egress::FILE
            ));
        }
        let session = session.map(str::to_owned);
        self.sent.extend(sent.into_iter().map(|line| SentRequest {
            session: session.clone(),
            line,
        }));
        self.paid.extend(paid.into_iter().map(|line| PaidAnswer {
            session: session.clone(),
            line,
        }));
        Ok(())
    }

    /// Reads a JSON Lines file; `None` if it does not exist. Adds a doubt if some lines cannot be parsed.
    fn lines<T: DeserializeOwned>(
        &mut self,
        root: &Root,
        folder: &Path,
        shown: &str,
        name: &str,
    ) -> Result<Option<Vec<T>>, CommandFailure> {
        let Some(bytes) = root.read(folder.join(name))? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        let written = text.lines().filter(|line| !line.trim().is_empty());
        let read: Vec<Option<T>> = written.map(|line| serde_json::from_str(line).ok()).collect();
        let unreadable = read.iter().filter(|line| line.is_none()).count();
        if unreadable > 0 {
            self.doubts.push(format!(
                "{shown}/{name}: {unreadable} of {} lines cannot be parsed and are not counted",
                read.len()
            ));
        }
        Ok(Some(read.into_iter().flatten().collect()))
    }
}
