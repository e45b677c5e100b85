//! Identifies the workspace of an approval. A workspace has the same identity in all worktrees of its repository.
#![allow(clippy::disallowed_methods)] // edge: real paths

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ConsentError;
use crate::digest::Digest;
use crate::ledger::port::LedgerError;
use crate::ledger::{Git, Policy};
use crate::manifest::Manifest;

/// The workspace that an approval applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceIdentity {
    /// The real path of git's common directory; `None` without a repository.
    pub repository: Option<String>,
    /// The workspace relative to its work tree; without a repository, its real path.
    pub path: String,
}

impl WorkspaceIdentity {
    /// The identity of the workspace at `root`.
    ///
    /// # Errors
    /// git refuses to read the repository.
    pub(crate) fn of(root: &Path) -> Result<Self, ConsentError> {
        let keyless = Policy {
            withheld: Manifest::default().withheld(&[]),
            ..Policy::default()
        };
        match Git::open(root, keyless) {
            Ok(git) => Ok(Self::in_repository(&git)),
            Err(LedgerError::NoRepository(_)) => Ok(Self {
                repository: None,
                path: real(root),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// The identity of a workspace in a repository.
    pub(crate) fn in_repository(git: &Git) -> Self {
        let (common, prefix) = git.place();
        Self {
            repository: Some(real(common)),
            path: prefix.trim_end_matches('/').to_owned(),
        }
    }

    /// The name of the workspace's folder in the store of approvals.
    pub(crate) fn folder(&self) -> String {
        Digest::of_value(self).to_string()
    }
}

impl std::fmt::Display for WorkspaceIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.repository {
            None => f.write_str(&self.path),
            Some(repository) if self.path.is_empty() => f.write_str(repository),
            Some(repository) => write!(f, "{repository}, in {}", self.path),
        }
    }
}

fn real(path: &Path) -> String {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real.to_string_lossy().into_owned()
}
