//! Finds the commits that changed some files, whoever made them, and the name of the person at work.

use super::Git;
use super::log::{logged, revision};
use crate::ledger::port::{LedgerEntry, LedgerError};

impl Git {
    /// The user's name, for records of what a person decided; `None` if git knows none.
    ///
    /// # Errors
    /// git cannot be run.
    pub(crate) fn person(&self) -> Result<Option<String>, LedgerError> {
        let answer = self.ask(&["config", "user.name"], &[])?;
        let name = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        Ok((answer.status.success() && !name.is_empty()).then_some(name))
    }

    /// The commits after `since` that changed any of these paths (relative to the workspace), oldest first. A commit of a
    /// person has no session in its trailers.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub(crate) fn touching(&self, since: &str, paths: &[String]) -> Result<Vec<LedgerEntry>, LedgerError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let range = format!("{}..HEAD", revision(since)?);
        let mut arguments = vec![range.as_str(), "--"];
        arguments.extend(paths.iter().map(String::as_str));
        logged(self, &arguments)
    }
}
