//! Who submitted a file of the session, and when: the lines of its call log about submissions.

use serde::{Deserialize, Serialize};

use super::driven_session::{DrivenSession, failure};
use super::result::McpAnswer;
use crate::digest::Digest;
use crate::pipeline::phase::CALLS;
use crate::workspace::session::{Session, SessionError};

/// A file that a client submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Submission {
    call: String,
    /// The file.
    pub file: String,
    /// The client.
    by: String,
    /// When, RFC 3339.
    at: String,
    digest: Digest,
}

impl Submission {
    /// The submission of a file that was just written.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn of(driven: &DrivenSession, session: &Session, call: &str, file: &str) -> Result<Self, McpAnswer> {
        let digest = session.digest(file).map_err(refused)?.unwrap_or(Digest::of_bytes(&[]));
        Ok(Self {
            call: call.to_owned(),
            file: file.to_owned(),
            by: driven.author(),
            at: driven.workspace()?.clock.stamp(),
            digest,
        })
    }

    /// The line for the call log.
    pub(crate) fn line(&self) -> String {
        let line = serde_json::to_string(self).unwrap_or_default();
        format!("{line}\n")
    }

    /// The last submission of a file.
    fn last(session: &Session, file: &str) -> Result<Option<Self>, McpAnswer> {
        let log = session.text(CALLS).map_err(refused)?.unwrap_or_default();
        let mut submissions = log.lines().filter_map(|line| serde_json::from_str::<Self>(line).ok());
        Ok(submissions.rfind(|one| one.file == file))
    }
}

fn refused(error: SessionError) -> McpAnswer {
    failure(error.into())
}

/// What a submission would replace that this client did not write; `None` if there is no such thing.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn in_its_place(driven: &DrivenSession, session: &Session, file: &str) -> Result<Option<String>, McpAnswer> {
    let Some(present) = session.digest(file).map_err(refused)? else {
        return Ok(None);
    };
    let last = Submission::last(session, file)?.filter(|last| last.digest == present);
    Ok(match last {
        Some(last) if driven.wrote(&last) => None,
        Some(last) => Some(format!(
            "this replaced the {file} that `{}` submitted at {}",
            last.by, last.at
        )),
        None => Some(format!(
            "this replaced a {file} that was written or changed in the session's folder"
        )),
    })
}

/// The submissions of this client that another client has replaced since.
///
/// # Errors
/// The session cannot be read.
pub(crate) fn replaced(driven: &DrivenSession, session: &Session) -> Result<Vec<String>, McpAnswer> {
    let mut replaced = Vec::new();
    for file in driven.written() {
        let others = Submission::last(session, &file)?.filter(|last| !driven.wrote(last));
        let words = |last: Submission| format!("`{}` replaced your {file} at {}", last.by, last.at);
        replaced.extend(others.map(words));
    }
    Ok(replaced)
}
