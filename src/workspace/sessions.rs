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
