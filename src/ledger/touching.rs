//! Finds the commits that changed some files, whoever made them, and the name of the person at work.

use super::log::{logged, revision};
use super::process::{command, output};
use super::{Git, Policy};
use crate::ledger::port::{LedgerEntry, LedgerError};

impl Git {
    /// The user's name, for records of what a person decided; `None` if git knows none.
    ///
    /// # Errors
    /// git cannot be run.
    pub(crate) fn person(&self) -> Result<Option<String>, LedgerError> {
        // The author that the manifest sets is kaizen, not the person.
        let policy = Policy {
            author: None,
            ..self.policy.clone()
        };
        let mut asked = command(&self.workspace, &policy, &["var", "GIT_AUTHOR_IDENT"]);
        let answer = output(&mut asked, &[], &policy)?;
        let ident = String::from_utf8_lossy(&answer.stdout).into_owned();
        let name = match answer.status.success() {
            true => ident.split(" <").next().unwrap_or_default().to_owned(),
            // A name without an address is enough here.
            false => String::from_utf8_lossy(&self.ask(&["config", "user.name"], &[])?.stdout).into_owned(),
        };
        let name = name.trim();
        Ok((!name.is_empty()).then(|| name.to_owned()))
    }

    /// A commit, whoever made it; `None` if this clone does not have it.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub(crate) fn entry(&self, commit: &str) -> Result<Option<LedgerEntry>, LedgerError> {
        match self.commit_named(commit)? {
            Some(commit) => Ok(logged(self, &["-1", &commit])?.pop()),
            None => Ok(None),
        }
    }

    /// The commits that changed a file in any branch that was merged, oldest first.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub(crate) fn versions(&self, path: &str) -> Result<Vec<LedgerEntry>, LedgerError> {
        logged(self, &["--full-history", "HEAD", "--", path])
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
        self.since(since, paths, &[])
    }

    /// Like [`Self::touching`], but also with the commits of branches whose changes cancel out or were dropped by a merge.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub(crate) fn touching_anywhere(&self, since: &str, paths: &[String]) -> Result<Vec<LedgerEntry>, LedgerError> {
        self.since(since, paths, &["--full-history"])
    }

    /// The paths below the workspace, relative to it, that some commits changed.
    ///
    /// # Errors
    /// See [`LedgerError`].
    pub(crate) fn paths_in(&self, commits: &[&str]) -> Result<Vec<String>, LedgerError> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let options = [
            "log",
            "--no-walk",
            "--format=",
            "--name-only",
            "--no-renames",
            "--relative",
            "-z",
        ];
        let listing = self.read(&[&options[..], commits].concat(), &[])?;
        let paths = String::from_utf8_lossy(&listing);
        let paths = paths.split(['\0', '\n']).filter(|path| !path.is_empty());
        Ok(paths.map(str::to_owned).collect())
    }

    fn since(&self, since: &str, paths: &[String], options: &[&str]) -> Result<Vec<LedgerEntry>, LedgerError> {
        let range = format!("{}..HEAD", revision(since)?);
        let mut arguments = [options, &[range.as_str(), "--"]].concat();
        arguments.extend(paths.iter().map(String::as_str));
        logged(self, &arguments)
    }
}
