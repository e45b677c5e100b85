//! Refreshes the gate split: retires gate tasks and draws others by editing the task files, in one commit.

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

/// The options of a refresh.
#[derive(Clone, Debug)]
pub(crate) struct RefreshOptions {
    /// The share of gate tasks to retire.
    pub share: f64,
    /// A file of tasks to draw from instead of the reserve.
    pub from: Option<PathBuf>,
    /// Whether to write nothing.
    pub dry_run: bool,
}

/// Why no task was exchanged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    /// There are no tasks to retire.
    #[error("there are no gate tasks to retire")]
    NoGate,
    /// There is no task to draw in any of these categories.
    #[error("no gate task can be replaced: there is no task to draw for {0}")]
    NoReserve(String),
    /// The file to draw from, or a line in it, is not usable.
    #[error("{0}")]
    Offered(String),
    /// Task files have uncommitted changes.
    #[error("uncommitted changes in {}", .0.join(", "))]
    Uncommitted(Vec<String>),
    /// Any other error.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<BenchmarkError> for RefreshError {
    fn from(error: BenchmarkError) -> Self {
        Self::Run(error.into())
    }
}

/// The result of a refresh or of its dry run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RefreshResult {
    /// The exchanged tasks.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// The number of tasks in the file to draw from that were not needed and join the reserve.
    pub reserved: usize,
    /// The changed files, relative to the workspace.
    pub files: Vec<String>,
    /// The copies of the former files that git ignores.
    pub kept_copies: Vec<String>,
    /// The commit, unless git ignores all files.
    pub commit: Option<String>,
    /// How worn the split was before.
    pub before: HoldoutWear,
    /// How worn the split is afterwards.
    pub after: HoldoutWear,
}

/// How a refresh ended.
#[derive(Debug)]
pub(crate) enum RefreshEnd {
    /// Tasks were exchanged, or would be in a dry run.
    Refreshed(Box<RefreshResult>),
    /// An interrupted refresh was completed, and no new one was started.
    Finished(RefreshLine),
}

/// Retires gate tasks and draws others.
///
/// # Errors
/// See [`RefreshError`]. After an error nothing was written, unless git refused the commit; the next command then makes
/// it.
pub(crate) fn refresh(workspace: &Workspace, asked: &RefreshOptions) -> Result<RefreshEnd, RefreshError> {
    workspace.may_read()?;
    // A dry run writes nothing, not even a lock: the workspace may be read-only.
    let _lock = (!asked.dry_run).then(|| transaction::alone(workspace)).transpose()?;
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
