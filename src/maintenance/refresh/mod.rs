//! Refresh: retires gate tasks and draws others, in the files where they stand, in one commit.

mod plan;
mod rows;

use std::path::PathBuf;

use serde::Serialize;

use self::plan::planned;
use self::rows::Rows;
use crate::artifact::holdout_use::RefreshLine;
use crate::eval::benchmark::BenchmarkError;
use crate::eval::holdout::HoldoutWear;
use crate::eval::refresh::Exchange;
use crate::workspace::error::RunError;
use crate::workspace::transaction::finish_refresh;
use crate::workspace::{Workspace, transaction};

/// What a user asked for.
#[derive(Clone, Debug)]
pub(crate) struct RefreshOptions {
    /// The share of gate tasks that should retire.
    pub share: f64,
    /// A file of tasks to draw from, in place of the reserve.
    pub from: Option<PathBuf>,
    /// Nothing is to be written.
    pub dry_run: bool,
}

/// Why nothing was exchanged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// There are no tasks to retire.
    #[error("there are no gate tasks to retire")]
    NoGate,
    /// There are no tasks to draw, in none of these categories.
    #[error("nothing can take the place of the gate tasks: there is no task to draw for {0}")]
    NoReserve(String),
    /// The file to draw from, or a line of it, cannot be used.
    #[error("{0}")]
    Offered(String),
    /// Task files hold changes that nobody committed.
    #[error("uncommitted changes in {}", .0.join(", "))]
    Uncommitted(Vec<String>),
    /// The workspace does not let it.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<BenchmarkError> for RefreshError {
    fn from(error: BenchmarkError) -> Self {
        Self::Run(error.into())
    }
}

/// What was done, or would be.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RefreshResult {
    /// The tasks that changed places.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// Tasks of the file to draw from that were not needed, and wait as reserve.
    pub reserved: usize,
    /// The files that were changed, relative to the workspace.
    pub files: Vec<String>,
    /// Where the former bytes of files are that git ignores.
    pub kept_copies: Vec<String>,
    /// The commit, where git holds the files.
    pub commit: Option<String>,
    /// How worn the split was.
    pub before: HoldoutWear,
    /// How worn it is then.
    pub after: HoldoutWear,
}

/// How a refresh ended.
#[derive(Debug)]
pub(crate) enum RefreshEnd {
    /// Tasks were exchanged, or would be.
    Refreshed(Box<RefreshResult>),
    /// One that was cut short is whole now, and no other was begun.
    Finished(RefreshLine),
}

/// Retires gate tasks and draws others.
///
/// # Errors
/// See [`RefreshError`]; nothing was written then, unless git refused the commit, which the next command makes.
pub(crate) fn refresh(workspace: &Workspace, asked: &RefreshOptions) -> Result<RefreshEnd, RefreshError> {
    workspace.may_read()?;
    let _lock = transaction::alone(workspace)?;
    if !asked.dry_run {
        transaction::recover(workspace)?;
        if let Some(line) = finish_refresh(workspace)? {
            return Ok(RefreshEnd::Finished(line));
        }
    }
    let rows = Rows::read(workspace, asked.from.as_deref())?;
    let planned = planned(workspace, &rows, asked.share)?;
    let mut refreshed = RefreshResult {
        reserved: rows.offered.len().saturating_sub(planned.exchange.drawn.len()),
        files: planned.changes.iter().map(|change| change.path.clone()).collect(),
        exchange: planned.exchange,
        kept_copies: Vec::new(),
        commit: None,
        before: planned.before,
        after: planned.after,
    };
    if !asked.dry_run {
        refreshed.kept_copies =
            transaction::keep_ignored(workspace, &planned.changes).map_err(|error| match error {
                RunError::Dirty(files) => RefreshError::Uncommitted(files),
                other => RefreshError::Run(other),
            })?;
        refreshed.commit = transaction::write_refresh(workspace, planned.line, planned.changes)?;
    }
    Ok(RefreshEnd::Refreshed(Box::new(refreshed)))
}
