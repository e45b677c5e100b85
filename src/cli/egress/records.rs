//! Records: the lines about requests that a workspace holds, each with where it stands.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::artifact::egress::{self, Egress};
use crate::artifact::spending::{self, Spending};
use crate::cli::exit::Failure;
use crate::sys::disk::Root;
use crate::workspace::session::Session;
use crate::workspace::{OWN_FOLDER, session};

/// One request, and the session that sent it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sent {
    /// Absent outside sessions.
    pub session: Option<String>,
    /// Its line in `egress.jsonl`.
    #[serde(flatten)]
    pub line: Egress,
}

/// An answer that was paid for, and the session that asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Paid {
    /// Absent outside sessions.
    pub session: Option<String>,
    /// Its line in `spending.jsonl`.
    #[serde(flatten)]
    pub line: Spending,
}

/// Where records were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In all sessions.
    Sessions,
    /// In this one.
    Session(String),
    /// In kaizen's own folder, where requests outside sessions are noted.
    Outside,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Records {
    /// Where.
    pub scope: Scope,
    /// Sessions that were looked at.
    pub sessions: usize,
    /// Whether there is a file that notes requests.
    pub has_file: bool,
    /// Requests, as the files record them.
    pub sent: Vec<Sent>,
    /// Answers that were paid for.
    pub paid: Vec<Paid>,
    /// What keeps the records from being the whole truth, as lines for people.
    pub doubts: Vec<String>,
}

impl Records {
    /// Those of all sessions, oldest first. A folder counts as a session whatever else is missing in it.
    ///
    /// # Errors
    /// A record cannot be read.
    pub(crate) fn of_sessions(root: &Root) -> Result<Self, Failure> {
        let mut records = Self::empty(Scope::Sessions);
        let names = root.names(session::FOLDER)?;
        for id in names.into_iter().filter(|name| session::is_id(name)) {
            records.add_session(root, &id)?;
        }
        Ok(records)
    }

    /// Those of one session.
    ///
    /// # Errors
    /// A record cannot be read.
    pub(crate) fn of_session(root: &Root, id: &str) -> Result<Self, Failure> {
        let mut records = Self::empty(Scope::Session(id.to_owned()));
        records.add_session(root, id)?;
        Ok(records)
    }

    /// Those of requests outside sessions.
    ///
    /// # Errors
    /// A record cannot be read.
    pub(crate) fn outside(root: &Root) -> Result<Self, Failure> {
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

    fn add_session(&mut self, root: &Root, id: &str) -> Result<(), Failure> {
        let session = Session::at(root, id);
        self.sessions += 1;
        self.add(root, &session.path(""), &session.relative(), Some(id))?;
        // A record that cannot be read is for `kaizen verify` to report.
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
                "{}/session.json counts {counted} answers of language models, and {} tells of {noted}: lines are missing",
                session.relative(),
                spending::FILE
            ));
        }
        Ok(())
    }

    fn add(&mut self, root: &Root, folder: &Path, shown: &str, session: Option<&str>) -> Result<(), Failure> {
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
                "{shown}: {unseen} answers were paid for whose requests {} does not list: a program sent them itself, or lines \
                 are missing",
                egress::FILE
            ));
        }
        let session = session.map(str::to_owned);
        self.sent.extend(sent.into_iter().map(|line| Sent {
            session: session.clone(),
            line,
        }));
        self.paid.extend(paid.into_iter().map(|line| Paid {
            session: session.clone(),
            line,
        }));
        Ok(())
    }

    /// The records of a file, one a line; `None` if the file does not exist. Lines that cannot be parsed are counted as a doubt.
    fn lines<T: DeserializeOwned>(
        &mut self,
        root: &Root,
        folder: &Path,
        shown: &str,
        name: &str,
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(bytes) = root.read(folder.join(name))? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        let written = text.lines().filter(|line| !line.trim().is_empty());
        let read: Vec<Option<T>> = written.map(|line| serde_json::from_str(line).ok()).collect();
        let unreadable = read.iter().filter(|line| line.is_none()).count();
        if unreadable > 0 {
            self.doubts.push(format!(
                "{shown}/{name}: {unreadable} of its {} lines cannot be read, and are not counted here",
                read.len()
            ));
        }
        Ok(Some(read.into_iter().flatten().collect()))
    }
}
