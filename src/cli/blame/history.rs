//! What git and the sessions say about the commits with edits, read once for any number of files.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::ledger::port::{CommitId, Ledger, LedgerEntry};
use crate::pipeline::edit_states::census::EditCensus;
use crate::workspace::Workspace;
use crate::workspace::error::RunError;
use crate::workspace::inputs::Inputs;

/// The commits of kaizen, and those of people that brought edits.
pub(crate) struct BlameHistory<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// Its git history.
    pub inputs: &'a Inputs<'a>,
    /// The commits that kaizen made.
    commits: BTreeMap<CommitId, LedgerEntry>,
    /// The edits in commits of people.
    unnamed: OnceCell<EditCensus>,
    /// All edits; for files with lines from before this clone's history.
    whole: OnceCell<EditCensus>,
}

impl<'a> BlameHistory<'a> {
    /// Reads the commits that kaizen made.
    ///
    /// # Errors
    /// git fails.
    pub(crate) fn new(workspace: &'a Workspace, inputs: &'a Inputs<'a>) -> Result<Self, RunError> {
        let entries = workspace.ledger.entries(None)?.into_iter();
        let of_kaizen = entries.filter(LedgerEntry::is_of_kaizen);
        Ok(Self {
            commits: of_kaizen.map(|entry| (entry.commit.clone(), entry)).collect(),
            unnamed: OnceCell::new(),
            whole: OnceCell::new(),
            workspace,
            inputs,
        })
    }

    /// A commit, if kaizen made it.
    pub(super) fn commit(&self, id: &str) -> Option<&LedgerEntry> {
        self.commits.get(id)
    }

    /// The edits that commits of people brought; all edits if the lines may be older than this clone's history.
    ///
    /// # Errors
    /// git fails, or the sessions cannot be listed.
    pub(super) fn census(&self, is_cut: bool) -> Result<&EditCensus, RunError> {
        let cell = if is_cut { &self.whole } else { &self.unnamed };
        if let Some(known) = cell.get() {
            return Ok(known);
        }
        let found = match is_cut {
            true => EditCensus::of(self.workspace, self.inputs, &|_| true)?,
            false => EditCensus::unnamed(self.workspace, self.inputs)?,
        };
        Ok(cell.get_or_init(|| found))
    }
}
