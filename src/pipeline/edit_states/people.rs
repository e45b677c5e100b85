//! Finds the commits in which people removed an edit from the files, or brought it back, whatever their messages say.

use super::EditSearch;
use super::content::EditContent;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::harness::{Harness, op};
use crate::ledger::graph::CommitGraph;
use crate::ledger::port::{CommitId, LedgerEntry};
use crate::workspace::error::RunError;

/// The most commits that are looked at.
const MOST_COMMITS: usize = 200;

impl EditSearch<'_> {
    /// The commit in which a person removed an edit that commit `applied` brought; `None` if something of it is left, or
    /// if it was only changed.
    pub(super) fn removal(
        &self,
        digest: Digest,
        applied: &CommitId,
        graph: &CommitGraph,
    ) -> Result<Option<CommitId>, RunError> {
        let (Some(edit), Some(head)) = (self.edit(digest)?, self.inputs.head()?) else {
            return Ok(None);
        };
        let Some(now) = self.files(head)? else {
            return Ok(None);
        };
        let rules = self.workspace.rules();
        if op::contains(&edit, &now, &rules) == Some(true) {
            return Ok(None);
        }
        let before = graph.parent(applied).map_or(Ok(None), |parent| self.files(parent))?;
        let content = EditContent::of(&edit, before.as_ref(), &rules);
        if !content.is_gone(&now) || self.shows(&edit, &self.later(&edit)?, head)? == Some(true) {
            return Ok(None);
        }
        if let Some(known) = self.known_removal(digest, applied, graph) {
            return Ok(self
                .files(&known)?
                .filter(|files| !content.is_left_in(files))
                .map(|_| known));
        }
        let found = self.change(applied, &content.paths, &now, &|before, after| {
            content.is_left_in(before) && !content.is_left_in(after)
        })?;
        let is_removal =
            |found: &FileStep| !is_of_edit(&found.entry) && !content.is_replaced(&found.before, &found.after);
        Ok(found.filter(is_removal).map(|found| found.entry.commit))
    }

    /// The commit that the record names, if it is later than the edit's.
    fn known_removal(&self, digest: Digest, applied: &CommitId, graph: &CommitGraph) -> Option<CommitId> {
        let outcome = self.outcomes.get(&digest)?;
        let by_git = outcome.status == OutcomeStatus::RolledBack && outcome.rolled_back_by == Some(RolledBackBy::Git);
        let commit = outcome.rolled_back.as_ref().filter(|_| by_git)?.commit.clone()?;
        (graph.place(&commit)? > graph.place(applied)?).then_some(commit)
    }

    /// The commit in which a person brought back an edit that commit `undone` had removed; `undone` is `None` if that
    /// commit is not known.
    pub(super) fn return_of(&self, digest: Digest, undone: Option<&CommitId>) -> Result<Option<CommitId>, RunError> {
        let (Some(head), Some(edit)) = (self.inputs.head()?, self.edit(digest)?) else {
            return Ok(None);
        };
        let rules = self.workspace.rules();
        let shown = |files: &Harness| op::contains(&edit, files, &rules) == Some(true);
        let Some(now) = self.files(head)?.filter(shown) else {
            return Ok(None);
        };
        if self.is_applied_elsewhere(digest)? {
            return Ok(None);
        }
        let Some(undone) = undone else {
            let since = self.introduction(&edit, &[], self.inputs.graph()?, head.clone())?;
            let entry = self.workspace.ledger.entry(&since)?;
            return Ok(entry.filter(|entry| !is_of_edit(entry)).map(|entry| entry.commit));
        };
        // A revert that changed no file left the content of another edit.
        let Some(without) = self.files(undone)?.filter(|files| !shown(files)) else {
            return Ok(None);
        };
        let paths = paths_of(&edit, &without, &rules);
        let found = self.change(undone, &paths, &now, &|before, after| !shown(before) && shown(after))?;
        let by_person = found.filter(|found| !is_of_edit(&found.entry));
        Ok(by_person.map(|found| found.entry.commit))
    }

    /// Whether the commit that brought the record of an edit came without the edit, and changed nothing where it would be.
    pub(super) fn came_without(&self, edit: &Edit, recorded: &CommitId) -> Result<bool, RunError> {
        let Some(parent) = self.inputs.graph()?.parent(recorded) else {
            return Ok(false);
        };
        let (Some(before), Some(after)) = (self.files(parent)?, self.files(recorded)?) else {
            return Ok(false);
        };
        let rules = self.workspace.rules();
        let content = EditContent::of(edit, Some(&before), &rules);
        Ok(content.is_gone(&after) && content.is_apart(&before, &after))
    }

    /// Whether another session has the credit for the same edit.
    fn is_applied_elsewhere(&self, digest: Digest) -> Result<bool, RunError> {
        let others = self.workspace.sessions()?.into_iter();
        let mut others = others.filter(|other| other.id != self.session.id);
        Ok(others.any(|other| {
            // `verify` reports an outcome that cannot be read.
            let outcomes = other.outcomes().unwrap_or_default();
            let outcome = outcomes.get(&digest);
            outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::Applied)
        }))
    }

    /// The newest commit after `since` of whose files, before and after it, `is_it` is true.
    fn change(
        &self,
        since: &CommitId,
        paths: &[String],
        now: &Harness,
        is_it: &dyn Fn(&Harness, &Harness) -> bool,
    ) -> Result<Option<FileStep>, RunError> {
        let all = || now.files().map(|(path, _)| path.to_owned()).collect();
        let paths: Vec<String> = if paths.is_empty() { all() } else { paths.to_vec() };
        let entries = self.workspace.ledger.touching_anywhere(since, &paths)?;
        for entry in entries.into_iter().rev().take(MOST_COMMITS) {
            let parent = entry.parent.as_ref().map_or(Ok(None), |parent| self.files(parent))?;
            let (Some(before), Some(after)) = (parent, self.files(&entry.commit)?) else {
                continue;
            };
            if is_it(&before, &after) {
                return Ok(Some(FileStep { entry, before, after }));
            }
        }
        Ok(None)
    }
}

/// A commit with the files before and after it.
struct FileStep {
    entry: LedgerEntry,
    before: Harness,
    after: Harness,
}

/// Whether kaizen made a commit for an edit.
fn is_of_edit(entry: &LedgerEntry) -> bool {
    entry.is_of_kaizen() && entry.trailer("Edit-Digest").is_some()
}

/// The files that an edit would change; empty if it cannot be applied.
fn paths_of(edit: &Edit, files: &Harness, rules: &op::OpRules) -> Vec<String> {
    let applied = op::apply(edit, files, rules).unwrap_or_else(|_| files.clone());
    files.changes(&applied).into_iter().map(|change| change.path).collect()
}
