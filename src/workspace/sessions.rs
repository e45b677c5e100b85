//! Finds the sessions of a workspace, unless a sparse checkout leaves out some of their files.

use super::Workspace;
use super::error::RunError;
use super::session::{self, Session};
use crate::artifact::holdout_use;

impl Workspace {
    /// All sessions, oldest first.
    ///
    /// # Errors
    /// The folder `sessions` cannot be read, or a sparse checkout leaves out files of it.
    pub fn sessions(&self) -> Result<Vec<Session>, RunError> {
        self.check_sessions()?;
        Ok(session::all(&self.root)?)
    }

    /// The names in the folder of sessions, sorted; not all of them need be sessions.
    ///
    /// # Errors
    /// The folder `sessions` cannot be read, or a sparse checkout leaves out files of it.
    pub(crate) fn session_names(&self) -> Result<Vec<String>, RunError> {
        self.check_sessions()?;
        Ok(self.root.names(session::FOLDER)?)
    }

    /// The newest session. Looks at no other one, because there may be thousands.
    ///
    /// # Errors
    /// See [`Self::sessions`].
    pub(crate) fn newest_session(&self) -> Result<Option<Session>, RunError> {
        for name in self.session_names()?.iter().rev() {
            if let Some(session) = session::find(&self.root, name)? {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }

    /// The session with a name, if it exists.
    ///
    /// # Errors
    /// The system does not say whether it exists, or a sparse checkout leaves out files of sessions.
    pub(crate) fn session(&self, id: &str) -> Result<Option<Session>, RunError> {
        self.check_sessions()?;
        Ok(session::find(&self.root, id)?)
    }

    fn check_sessions(&self) -> Result<(), RunError> {
        let is_record = |path: &str| session::is_in_session(path) || path == holdout_use::FILE;
        Ok(self.ledger.check_not_left_out(&is_record)?)
    }
}
