//! Finds the commits in which people removed an edit from the files, or brought it back, whatever their messages say.

use std::collections::BTreeMap;

use super::EditSearch;
use super::content::EditContent;
use super::evidence::EditMarks;
use crate::artifact::edit::Edit;
use crate::artifact::outcome::{OutcomeStatus, RolledBackBy};
use crate::digest::Digest;
use crate::harness::{Harness, op};
use crate::ledger::graph::{CommitGraph, LedgerState};
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
        if op::contains(&edit, &now, &self.rules) == Some(true) {
            return Ok(None);
        }
        let before = self.before(applied)?;
        let evidence = self.evidence(&edit, before.as_ref())?;
        let content = &evidence.content;
        if !content.is_gone(&now) || self.is_in(&evidence, &now)? == Some(true) {
            return Ok(None);
        }
        if let Some(known) = self.known_removal(digest, applied, graph) {
            return Ok(self
                .files(&known)?
                .filter(|files| !content.is_left_in(files))
                .map(|_| known));
        }
        let found = self.change(applied, &content.paths, &now, &|_, before, after| {
            Ok(content.is_left_in(before) && !content.is_left_in(after))
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
        let without = match undone {
            Some(undone) => self.files(undone)?,
            None => self
                .recorded(digest)?
                .map_or(Ok(None), |recorded| self.before(&recorded))?,
        };
        // Edits that were applied later did not bring it back.
        let evidence = EditMarks {
            content: EditContent::of(&edit, without.as_ref(), &self.rules),
            later: Vec::new(),
        };
        let is_shown = |files: &Harness| Ok::<_, RunError>(self.is_in(&evidence, files)? == Some(true));
        let Some(now) = self.files(head)? else {
            return Ok(None);
        };
        if !is_shown(&now)? || self.is_applied_elsewhere(digest)? {
            return Ok(None);
        }
        let Some(undone) = undone else {
            let since = self.introduction(&evidence, self.inputs.graph()?, head.clone())?;
            let entry = self.workspace.ledger.entry(&since)?;
            return Ok(entry.filter(|entry| !is_of_edit(entry)).map(|entry| entry.commit));
        };
        // A revert that changed no file left the content of another edit.
        if without.as_ref().map_or(Ok(true), is_shown)? {
            return Ok(None);
        }
        self.brought_back(&evidence, undone, &now, true)
    }

    /// The last commit in which a person brought back an edit that is applied since `commit`, if people reverted something
    /// since then, or the edit was reverted before.
    pub(super) fn newer_return(&self, digest: Digest, commit: &CommitId) -> Result<Option<CommitId>, RunError> {
        let outcome = self.outcomes.get(&digest);
        let was_reverted = outcome.is_some_and(|outcome| outcome.rolled_back.is_some());
        if !was_reverted && !self.inputs.graph()?.has_reverts_after(commit) {
            return Ok(None);
        }
        let (Some(head), Some(edit)) = (self.inputs.head()?, self.edit(digest)?) else {
            return Ok(None);
        };
        let without = self.before(commit)?;
        let evidence = EditMarks {
            content: EditContent::of(&edit, without.as_ref(), &self.rules),
            later: Vec::new(),
        };
        match self.files(head)? {
            Some(now) if self.is_in(&evidence, &now)? == Some(true) => {
                self.brought_back(&evidence, commit, &now, false)
            }
            _ => Ok(None),
        }
    }

    /// The newest commit after `since` in which a person brought an edit; if `by_merge`, also from another branch.
    fn brought_back(
        &self,
        evidence: &EditMarks,
        since: &CommitId,
        now: &Harness,
        by_merge: bool,
    ) -> Result<Option<CommitId>, RunError> {
        let is_shown = |files: &Harness| Ok::<_, RunError>(self.is_in(evidence, files)? == Some(true));
        let graph = self.inputs.graph()?;
        let brings = |entry: &LedgerEntry, before: &Harness, after: &Harness| {
            let counts = by_merge || graph.is_step_after(&entry.commit, since);
            Ok(counts && !is_shown(before)? && is_shown(after)?)
        };
        let found = self.change(since, &evidence.content.paths, now, &brings)?;
        let by_person = found.filter(|found| !is_of_edit(&found.entry));
        Ok(by_person.map(|found| found.entry.commit))
    }

    /// The commits of people that the record of an edit names, if their files show that they brought or removed it; those
    /// in `known` are left out.
    pub(super) fn recorded_events(
        &self,
        digest: Digest,
        graph: &CommitGraph,
        known: &BTreeMap<CommitId, LedgerState>,
    ) -> Result<Vec<(CommitId, LedgerState)>, RunError> {
        let Some(outcome) = self.outcomes.get(&digest) else {
            return Ok(Vec::new());
        };
        let undone = outcome
            .rolled_back
            .as_ref()
            .and_then(|rollback| rollback.commit.clone());
        let applied = outcome
            .commit
            .clone()
            .map(|commit| (commit.clone(), LedgerState::Applied(commit)));
        let undone = undone.map(|commit| (commit.clone(), LedgerState::Undone(Some(commit))));
        let mut found = Vec::new();
        for (commit, event) in applied.into_iter().chain(undone) {
            let is_here = graph.place(&commit).is_some() && !known.contains_key(&commit);
            if is_here && self.changes_to(digest, &commit, matches!(event, LedgerState::Applied(_)))? {
                found.push((commit, event));
            }
        }
        Ok(found)
    }

    /// Whether a person's commit brought an edit, or removed it.
    fn changes_to(&self, digest: Digest, commit: &CommitId, brought: bool) -> Result<bool, RunError> {
        let entry = self.workspace.ledger.entry(commit)?;
        if entry.is_none_or(|entry| entry.is_of_kaizen()) {
            return Ok(false);
        }
        let (Some(edit), Some(before), Some(after)) = (self.edit(digest)?, self.before(commit)?, self.files(commit)?)
        else {
            return Ok(false);
        };
        let without = if brought { &before } else { &after };
        let evidence = EditMarks {
            content: EditContent::of(&edit, Some(without), &self.rules),
            later: Vec::new(),
        };
        let was = self.is_in(&evidence, &before)? == Some(true);
        let is = self.is_in(&evidence, &after)? == Some(true);
        Ok(was != is && is == brought)
    }

    /// Whether the commit that brought the record of an edit came without the edit, and changed nothing where it would be.
    pub(super) fn came_without(&self, edit: &Edit, recorded: &CommitId) -> Result<bool, RunError> {
        let Some(parent) = self.inputs.graph()?.parent(recorded) else {
            return Ok(false);
        };
        let (Some(before), Some(after)) = (self.files(parent)?, self.files(recorded)?) else {
            return Ok(false);
        };
        let content = EditContent::of(edit, Some(&before), &self.rules);
        if !content.is_gone(&after) || content.is_apart(&before, &after) {
            return Ok(content.is_gone(&after));
        }
        // The edit may build on others that came with the same commit.
        Ok(content.is_explained(&before, &after, &self.lines_of_others(edit)?))
    }

    /// Whether another session has the credit for the same edit.
    fn is_applied_elsewhere(&self, digest: Digest) -> Result<bool, RunError> {
        self.saw_more.set(true);
        let others = self.workspace.sessions()?.into_iter();
        let mut others = others.filter(|other| other.id != self.session.id);
        Ok(others.any(|other| {
            // `verify` reports an outcome that cannot be read.
            let outcomes = other.outcomes().unwrap_or_default();
            let outcome = outcomes.get(&digest);
            outcome.is_some_and(|outcome| outcome.status == OutcomeStatus::Applied)
        }))
    }

    /// The newest commit after `since` of which `is_it` is true, with the files before and after it.
    fn change(
        &self,
        since: &CommitId,
        paths: &[String],
        now: &Harness,
        is_it: &dyn Fn(&LedgerEntry, &Harness, &Harness) -> Result<bool, RunError>,
    ) -> Result<Option<FileStep>, RunError> {
        let all = || now.files().map(|(path, _)| path.to_owned()).collect();
        let paths: Vec<String> = if paths.is_empty() { all() } else { paths.to_vec() };
        let entries = self.workspace.ledger.touching_anywhere(since, &paths)?;
        for entry in entries.into_iter().rev().take(MOST_COMMITS) {
            let parent = entry.parent.as_ref().map_or(Ok(None), |parent| self.files(parent))?;
            let (Some(before), Some(after)) = (parent, self.files(&entry.commit)?) else {
                continue;
            };
            if is_it(&entry, &before, &after)? {
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
