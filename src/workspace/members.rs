//! Reads the harness of a workspace: the files on disk that belong to it, and those that are left out, with reasons.

use std::sync::PoisonError;

use super::Workspace;
use super::error::RunError;
use crate::harness::Harness;
use crate::ledger::port::{Ledger, LedgerError};

impl Workspace {
    /// The harness on disk.
    ///
    /// # Errors
    /// A file cannot be read, or is not what the agent is meant to read.
    pub(crate) fn harness(&self) -> Result<Harness, RunError> {
        let mut harness = self.root.read_harness(&self.membership)?;
        for path in self.ignored(&harness)? {
            if self.membership.names(&path) {
                return Err(RunError::Ignored(path));
            }
            harness = harness.without(&path);
            harness.forbid(path, "git ignores it");
        }
        if let Some(at_head) = self.at_head()? {
            harness.link_like(&at_head);
        }
        Ok(harness)
    }

    /// The harness at HEAD; `None` before the first commit and outside of a repository.
    fn at_head(&self) -> Result<Option<Harness>, RunError> {
        let head = match self.ledger.head() {
            Err(LedgerError::NoRepository(_)) => None,
            head => head?,
        };
        let at = |head: String| self.past.harness_at(&self.ledger, &head, &|path| self.selects(path));
        Ok(head.map(at).transpose()?)
    }

    /// Checks, once, that the harness can be read and that git ignores no file that the manifest names.
    ///
    /// # Errors
    /// See [`Workspace::harness`].
    pub(crate) fn check_harness(&self) -> Result<(), RunError> {
        if self.checked.get().is_none() {
            self.harness()?;
            // Another thread may have finished the check first.
            let _ = self.checked.set(());
        }
        Ok(())
    }

    /// The files of a harness that git ignores. Files at HEAD are never ignored, so git is asked about new files only.
    fn ignored(&self, harness: &Harness) -> Result<Vec<String>, RunError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new: Vec<&str> = harness.files().map(|(path, _)| path).collect();
        new.retain(|path| !known.contains(*path));
        if new.is_empty() {
            return Ok(Vec::new());
        }
        self.ledger.check_filters(&new)?;
        if let Some(at_head) = self.at_head()? {
            known.extend(at_head.files().map(|(path, _)| path.to_owned()));
            new.retain(|path| !known.contains(*path));
        }
        let ignored = self.ledger.ignored(&new)?;
        let not_ignored = new
            .into_iter()
            .filter(|path| !ignored.iter().any(|other| other == path));
        known.extend(not_ignored.map(str::to_owned));
        Ok(ignored)
    }

    /// A line with the reason for each path next to harness files that is left out, because the user may expect it to
    /// be part of the harness.
    pub(crate) fn left_out(&self, harness: &Harness) -> Vec<String> {
        let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
        let places: Vec<String> = self.manifest.harness.globs().iter().map(|glob| first(glob)).collect();
        let line = |(path, reason): (&str, &str)| {
            // Copies have the links between the files, so one that the manifest does not name is no surprise.
            let is_linked = harness.followed(path).is_some();
            let is_near = self.selects(path) || places.contains(&first(path)) && !is_linked;
            is_near.then(|| format!("{path} is left out of the harness: {reason}"))
        };
        harness.all_forbidden().filter_map(line).collect()
    }
}
